import { type Logger, messageOf } from '@mesh/core';

/** Proxies whose last refusal is remembered. */
const REMEMBERED_MAX = 1000;

/** Tells of refused proxies: once per proxy and reason, for a refused Envoy dials again every second. */
export class Refusals {
  private readonly last = new Map<string, string>();

  constructor(private readonly log: Logger) {}

  refused(nodeId: string, peer: string, error: unknown): void {
    const reason = messageOf(error);
    if (this.last.get(nodeId) === reason) return;
    if (this.last.size >= REMEMBERED_MAX) this.last.clear();
    this.last.set(nodeId, reason);
    this.log.warn({ nodeId: nodeId.slice(0, 300), peer, reason }, 'proxy refused');
  }

  /** The proxy was let in: its next refusal is news. */
  admitted(nodeId: string): void {
    this.last.delete(nodeId);
  }
}
