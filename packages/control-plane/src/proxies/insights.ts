import { randomUUID } from 'node:crypto';
import { type Clock, type JsonObject, type Logger, messageOf, type ResourceKey, type ResourceView } from '@mesh/core';
import type { DataplaneInsightMtls, DataplaneInsightSpec } from '@mesh/resources';
import type { ProxyNode } from './node.js';
import { closedSubscriptions, type DiscoveryEvent, StreamSubscription } from './subscription.js';
import type { ProxyWriter } from './writer.js';

export interface InsightOptions {
  readonly view: ResourceView;
  readonly writer: ProxyWriter;
  readonly clock: Clock;
  readonly log: Logger;
  readonly instanceId: string;
  /**
   * Counters are written at multiples of this time, in milliseconds: those of all proxies that were told of a change
   * together. Connects and disconnects are written at once.
   */
  readonly flushIntervalMs: number;
  /** Subscriptions kept per proxy (`metrics.dataplane.subscriptionLimit`). */
  readonly subscriptionLimit: number;
}

const RETRY_MS = 1000;
/** So long the insight of a proxy that returns may wait for it to have all it lacks. */
const RETURN_MS = 1000;

/**
 * Keeps the insight of one connected proxy: its subscription, counters and certificate. Nothing
 * is written while nothing happens.
 */
export class ProxyInsight {
  private readonly subscription: StreamSubscription;
  private readonly earlier: DataplaneInsightSpec['subscriptions'];
  private mtls: DataplaneInsightMtls | undefined;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private dirty = true;
  private closed = false;
  private reopening = false;

  constructor(
    private readonly options: InsightOptions,
    private readonly node: ProxyNode,
  ) {
    const now = options.clock.now();
    const stored = options.view.get(this.key)?.spec as DataplaneInsightSpec | undefined;
    this.mtls = stored?.mTLS;
    this.earlier = closedSubscriptions(stored?.subscriptions ?? [], options.subscriptionLimit - 1, now);
    this.subscription = new StreamSubscription({ id: randomUUID(), instanceId: options.instanceId, version: node.version, now });
  }

  get key(): ResourceKey {
    return { ...this.node.key, kind: `${this.node.kind}Insight` };
  }

  get subscriptionId(): string {
    return this.subscription.id;
  }

  /** Writes the open subscription: the proxy is online from here on. */
  open(): Promise<void> {
    return this.flush();
  }

  /**
   * As `open`, for a proxy that comes back: written when it has all it lacked, counters included, or in a second. After a restart
   * all proxies come at once, and each would be written twice.
   */
  reopen(): void {
    this.reopening = true;
    this.schedule(RETURN_MS);
  }

  /** The proxy has all it should have. */
  settled(): void {
    if (this.reopening) void this.flush();
  }

  count(event: DiscoveryEvent, typeUrl: string): void {
    this.subscription.count(event, typeUrl, this.options.clock.now());
    this.changed();
  }

  /**
   * Records the certificate of the proxy; written at once, for clients in PERMISSIVE meshes wait for it. One that is
   * recorded already changes nothing: a proxy that came again has the one it had.
   */
  certificateIssued(issued: Omit<DataplaneInsightMtls, 'certificateRegenerations'>): void {
    const { certificateExpirationTime: known, issuedBackend } = this.mtls ?? {};
    if (known === issued.certificateExpirationTime && issuedBackend === issued.issuedBackend) return;
    this.mtls = { ...issued, certificateRegenerations: (this.mtls?.certificateRegenerations ?? 0) + 1 };
    this.dirty = true;
    if (!this.closed) void this.flush();
  }

  /** Writes the subscription again where somebody ended it though the stream lives on. */
  reassert(stored: DataplaneInsightSpec): void {
    const ours = stored.subscriptions?.find((s) => s.id === this.subscription.id);
    if (!this.closed && ours?.disconnectTime !== undefined) this.changed();
  }

  /** Ends the subscription and writes it: the proxy is offline from here on. */
  close(): Promise<void> {
    this.closed = true;
    this.subscription.close(this.options.clock.now());
    this.dirty = true;
    return this.flush();
  }

  private changed(): void {
    this.dirty = true;
    if (this.timer || this.closed) return;
    const { clock, flushIntervalMs } = this.options;
    this.schedule(flushIntervalMs - (clock.now() % flushIntervalMs));
  }

  private schedule(waitMs: number): void {
    this.timer = setTimeout(() => void this.flush(), waitMs);
    this.timer.unref();
  }

  private flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.reopening = false;
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  private async write(): Promise<void> {
    if (!this.dirty) return;
    if (!this.options.view.get(this.node.key)) return; // the proxy is gone, and its insight with it
    this.dirty = false;
    const { mesh, name } = this.node.key;
    try {
      await this.options.writer.put({ kind: this.key.kind, mesh, name, spec: this.spec(), owner: this.node.key });
    } catch (error) {
      this.options.log.warn({ proxy: name, mesh, error: messageOf(error) }, 'the insight of a proxy was not written');
      this.dirty = true;
      if (!this.timer) this.schedule(RETRY_MS);
    }
  }

  private spec(): JsonObject {
    const spec: DataplaneInsightSpec = {
      subscriptions: [...(this.earlier ?? []), this.subscription.toSpec()],
      ...(this.mtls ? { mTLS: this.mtls } : {}),
      metadata: this.node.metadata,
    };
    return spec as JsonObject;
  }
}
