import { randomInt } from 'node:crypto';
import {
  keyString,
  type Logger,
  MeshError,
  messageOf,
  type Resource,
  type ResourceDraft,
  type ResourceKey,
  type ResourceView,
} from '@mesh/core';
import type { DataplaneInsightSpec } from '@mesh/resources';
import type { ProxyWriter } from './writer.js';

export interface RegistrationOptions {
  readonly view: ResourceView;
  readonly writer: ProxyWriter;
  readonly log: Logger;
  readonly instanceId: string;
  /** A proxy that registered itself is removed so long after its stream ended (`xdsServer.dataplaneDeregistrationDelay`). */
  readonly deregistrationDelayMs: number;
}

const VISIBLE_DEADLINE_MS = 5000;
/** A random part of as much comes on top: writes become possible for many proxies at once. */
const RETRY_MS = 1_000;

/** Proxies that bring their own resource: written when they connect, removed some time after they left. */
export class ProxyRegistration {
  private readonly leaving = new Map<string, NodeJS.Timeout>();
  private readonly removing = new Map<string, Promise<void>>();
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  private readonly underWay = new Set<string>();

  constructor(private readonly options: RegistrationOptions) {}

  /** The proxy is here (again): a removal to come is called off; one that has begun ends first, or it would take the proxy along. */
  async arrived(key: ResourceKey): Promise<void> {
    const id = keyString(key);
    this.callOff(id);
    await this.removing.get(id);
    this.callOff(id);
  }

  private callOff(id: string): void {
    clearTimeout(this.leaving.get(id));
    this.leaving.delete(id);
  }

  /** Whether the resource of a proxy is being written by itself: the proxy has no configuration yet. */
  isUnderWay(key: ResourceKey): boolean {
    return this.underWay.has(keyString(key));
  }

  /** Writes the proxy's resource and returns it once the view shows it. */
  async register(draft: ResourceDraft): Promise<Resource> {
    const { view, writer } = this.options;
    const id = keyString(draft);
    this.underWay.add(id);
    try {
      const { revision } = await (writer.register ? writer.register(draft) : writer.put(draft));
      await view.waitFor(revision, AbortSignal.timeout(VISIBLE_DEADLINE_MS));
    } finally {
      this.underWay.delete(id);
    }
    const registered = view.get({ kind: draft.kind, mesh: draft.mesh, name: draft.name });
    if (!registered) throw new MeshError('unavailable', { public: `${draft.kind} ${draft.name} was removed while it connected` });
    return registered;
  }

  /**
   * Like `register`, but lets a proxy that is known already go on with what is stored while writes
   * are not possible; its own word follows once they are.
   */
  async registerOrKeep(draft: ResourceDraft, stored: Resource | undefined): Promise<void> {
    try {
      await this.register(draft);
    } catch (error) {
      if (!stored || !MeshError.is(error, 'unavailable')) throw error;
      this.options.log.warn({ proxy: draft.name, mesh: draft.mesh, error: messageOf(error) }, 'a proxy goes on with what is stored of it');
      this.retryLater(draft);
    }
  }

  private retryLater(draft: ResourceDraft): void {
    const id = keyString(draft);
    const timer = setTimeout(() => {
      if (this.waiting.get(id) !== timer) return;
      this.register(draft).then(
        () => this.waiting.delete(id),
        () => this.retryLater(draft),
      );
    }, RETRY_MS + randomInt(RETRY_MS));
    timer.unref();
    this.waiting.set(id, timer);
  }

  private forgetRetry(id: string): void {
    clearTimeout(this.waiting.get(id));
    this.waiting.delete(id);
  }

  /** Removes the proxy's resource after the delay, unless it arrives again before. */
  left(key: ResourceKey): void {
    const id = keyString(key);
    this.forgetRetry(id);
    clearTimeout(this.leaving.get(id));
    const timer = setTimeout(() => {
      const removal = this.remove(key).finally(() => this.removing.delete(id));
      this.removing.set(id, removal);
    }, this.options.deregistrationDelayMs);
    timer.unref();
    this.leaving.set(id, timer);
  }

  /** Calls off all removals: a control plane that stops must not take its proxies along. */
  stop(): void {
    for (const timer of [...this.leaving.values(), ...this.waiting.values()]) clearTimeout(timer);
    this.waiting.clear();
    this.leaving.clear();
  }

  /** The proxy connected to another instance of this control plane meanwhile. */
  private isElsewhere(key: ResourceKey): boolean {
    const insight = this.options.view.get({ ...key, kind: `${key.kind}Insight` })?.spec as DataplaneInsightSpec | undefined;
    const last = insight?.subscriptions?.at(-1);
    return last !== undefined && last.controlPlaneInstanceId !== this.options.instanceId;
  }

  private async remove(key: ResourceKey): Promise<void> {
    this.leaving.delete(keyString(key));
    if (!this.options.view.get(key) || this.isElsewhere(key)) return;
    try {
      await this.options.writer.delete(key);
      this.options.log.info({ proxy: key.name, mesh: key.mesh }, 'removed a proxy that left');
    } catch (error) {
      this.options.log.warn(
        { proxy: key.name, mesh: key.mesh, error: messageOf(error) },
        'a proxy that left was not removed; trying again',
      );
      this.left(key);
    }
  }
}
