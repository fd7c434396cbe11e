import type { ContentCache } from './contents.js';
import { EnvoyModel } from './envoy-model.js';
import { delta, sotw } from './protocol.js';
import { type DataplanePlan, nodeOf } from './topology.js';
import type { Transport, XdsStream } from './transport.js';

/** What a fleet is told of its proxies. */
export interface ProxyEvents {
  acknowledged(proxy: SimulatedProxy, typeUrl: string): void;
  received(proxy: SimulatedProxy, bytes: number): void;
  /** A stream stands, and what the proxy holds was told on it: one that lacks nothing is sent nothing, and acknowledges nothing. */
  connected(proxy: SimulatedProxy): void;
  disconnected(proxy: SimulatedProxy, reason: string): void;
  violated(proxy: SimulatedProxy, rule: string, detail: string): void;
}

export interface ProxyOptions {
  readonly mesh: string;
  readonly variant: 'sotw' | 'delta';
  readonly transport: Transport;
  readonly token: string | undefined;
  readonly retry: RetryPolicy;
  readonly cache: ContentCache;
  readonly events: ProxyEvents;
}

/** First and longest wait before a stream is opened again; each wait is a random part of it, as Envoy does. */
export interface RetryPolicy {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** What our bootstrap tells Envoy (`retryBackOff`). */
export const OWN_RETRY_POLICY: RetryPolicy = { baseMs: 250, maxMs: 1_500 };
/** What Envoy does where its bootstrap says nothing, as Kuma's. */
export const ENVOY_RETRY_POLICY: RetryPolicy = { baseMs: 500, maxMs: 30_000 };

/** One simulated sidecar: opens its stream, and opens it again when it ends, until it leaves. */
export class SimulatedProxy {
  envoy: EnvoyModel;
  private stream: XdsStream | undefined;
  private timer: NodeJS.Timeout | undefined;
  private attempts = 0;
  private wanted = false;
  private opened = false;

  constructor(
    readonly plan: DataplanePlan,
    private readonly options: ProxyOptions,
  ) {
    this.envoy = this.newEnvoy();
  }

  get name(): string {
    return this.plan.name;
  }

  /** Whether it should be connected. */
  get joined(): boolean {
    return this.wanted;
  }

  /** Whether a stream is open. */
  get connected(): boolean {
    return this.opened;
  }

  /** Comes as a new Envoy that holds nothing. */
  join(): void {
    this.wanted = true;
    if (this.stream) return;
    this.envoy = this.newEnvoy();
    this.open();
  }

  /** Ends the stream for good. */
  leave(): void {
    this.wanted = false;
    clearTimeout(this.timer);
    this.stream?.close();
  }

  /** Ends the stream and opens it again at once. */
  flap(): void {
    this.attempts = 0;
    this.stream?.close();
  }

  private newEnvoy(): EnvoyModel {
    const { plan } = this;
    const { events, cache, mesh, variant } = this.options;
    return new EnvoyModel({
      node: nodeOf(mesh, plan, variant === 'delta'),
      protocol: variant === 'delta' ? delta : sotw,
      cache,
      events: {
        send: (message) => this.stream?.send(message),
        acknowledged: (typeUrl) => events.acknowledged(this, typeUrl),
        violated: (rule, detail) => events.violated(this, rule, `${plan.name}: ${detail}`),
      },
    });
  }

  private open(): void {
    const { transport, variant, token, events } = this.options;
    this.stream = transport.open(variant, token, {
      onOpened: () => {
        this.opened = true;
        this.envoy.opened();
        events.connected(this);
      },
      onMessage: (bytes) => {
        this.attempts = 0;
        events.received(this, bytes.length);
        this.envoy.receive(bytes);
      },
      onClosed: (reason) => this.closed(reason),
    });
  }

  private closed(reason: string): void {
    this.stream = undefined;
    this.opened = false;
    if (!this.wanted) return;
    this.options.events.disconnected(this, reason);
    const { baseMs, maxMs } = this.options.retry;
    const waitMs = this.attempts === 0 ? 0 : Math.random() * Math.min(maxMs, baseMs * 2 ** this.attempts);
    this.attempts += 1;
    this.timer = setTimeout(() => this.wanted && !this.stream && this.open(), waitMs);
  }
}
