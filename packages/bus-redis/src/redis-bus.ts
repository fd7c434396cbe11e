import { randomUUID } from 'node:crypto';
import {
  type BusAnswer,
  type BusHandler,
  type BusListener,
  type BusRequest,
  type InstanceBus,
  type Logger,
  MeshError,
  messageOf,
  type Peer,
} from '@mesh/core';
import { decode, type Envelope, type EnvelopeError, encode } from './envelope.js';
import { Peers } from './peers.js';
import { RedisLink } from './redis-link.js';

/** What a bus tells of itself, for metrics. */
export interface RedisBusEvents {
  onConnection?(connected: boolean): void;
  onPeers?(count: number): void;
  /** A request to another instance ended. `result`: `ok`, or the code of the error. */
  onRequest?(method: string, result: string, seconds: number): void;
}

export interface RedisBusOptions {
  readonly url: string;
  readonly caFile: string;
  readonly instanceId: string;
  /** Identity of the control plane: instances of another one are not heard. */
  readonly storeId: string;
  readonly log: Logger;
  readonly events?: RedisBusEvents;
  /** Time between two signs of life. */
  readonly beatMs?: number;
}

const BEAT_MS = 4_000;
/** Signs of life that may fail to come. */
const BEATS_MISSED_MAX = 3;

interface Asked {
  readonly request: BusRequest;
  readonly listener: BusListener;
  readonly startedAt: number;
  /** Keeps what is told in order, as large bodies come later. */
  turn: Promise<void>;
}

interface Answering {
  readonly over: AbortController;
  askedAt: number;
  turn: Promise<void>;
  /** Said once; kept for a while, as the request may be said again before it has arrived. */
  end?: Extract<Envelope, { is: 'end' }>;
}

/**
 * Instances that share a Redis server. Each says every few seconds who it is and what it holds; nothing is
 * stored there but large bodies on their way, so an empty Redis is as good as an old one. A request is said again
 * with every sign of life while it is waited for, so that one lost on the way, or to a server that was
 * replaced, is answered after all.
 */
export class RedisBus implements InstanceBus {
  readonly type = 'redis' as const;
  private readonly link: RedisLink;
  private readonly peersKnown: Peers;
  private readonly facts = new Map<string, string>();
  private readonly handlers = new Map<string, BusHandler>();
  private readonly listeners = new Set<() => void>();
  private readonly asked = new Map<string, Asked>();
  private readonly answering = new Map<string, Answering>();
  private readonly beat: NodeJS.Timeout;
  private readonly beatMs: number;
  private sayingSoon = false;
  private up = false;

  constructor(private readonly options: RedisBusOptions) {
    this.beatMs = options.beatMs ?? BEAT_MS;
    this.peersKnown = new Peers(this.beatMs * (BEATS_MISSED_MAX + 0.5));
    this.link = new RedisLink({
      url: options.url,
      caFile: options.caFile,
      channels: [this.all, this.channelOf(options.instanceId)],
      prefix: this.prefix,
      log: options.log,
      onMessage: (_, message) => this.onMessage(message),
      onConnection: (up) => this.onConnection(up),
    });
    this.beat = setInterval(() => this.onBeat(), this.beatMs);
    this.beat.unref();
    this.link.start();
  }

  get instanceId(): string {
    return this.options.instanceId;
  }

  get connected(): boolean {
    return this.up;
  }

  peers(): readonly Peer[] {
    return this.peersKnown.all;
  }

  hold(fact: string, value: string): () => void {
    this.facts.set(fact, value);
    this.sayWhoIAmSoon();
    return () => {
      if (this.facts.get(fact) !== value) return;
      this.facts.delete(fact);
      this.sayWhoIAmSoon();
    };
  }

  subscribe(listener: () => void): { unsubscribe(): void } {
    this.listeners.add(listener);
    return { unsubscribe: () => void this.listeners.delete(listener) };
  }

  serve(method: string, handler: BusHandler): void {
    this.handlers.set(method, handler);
  }

  ask(request: BusRequest, listener: BusListener): void {
    if (request.signal.aborted) return;
    const id = randomUUID();
    this.asked.set(id, { request, listener, startedAt: performance.now(), turn: Promise.resolve() });
    request.signal.addEventListener(
      'abort',
      () => {
        if (!this.asked.has(id)) return;
        this.settle(id, 'ok');
        this.send(request.instanceId, { is: 'over', id });
      },
      { once: true },
    );
    if (!this.up) return this.end(id, new MeshError('unavailable', { public: 'Redis is away: other instances are out of reach' }));
    if (!this.peersKnown.has(request.instanceId)) return this.end(id, goneError(request.instanceId));
    void this.sayAsk(id);
  }

  async close(): Promise<void> {
    clearInterval(this.beat);
    for (const { over } of this.answering.values()) over.abort();
    for (const id of [...this.asked.keys()]) this.end(id, new MeshError('unavailable', { public: 'the bus is closed' }));
    await this.link.publish(this.all, encode({ is: 'bye', from: this.instanceId }));
    await this.link.close();
  }

  private get prefix(): string {
    return `mesh:${this.options.storeId}`;
  }

  private get all(): string {
    return `${this.prefix}:all`;
  }

  private channelOf(instanceId: string): string {
    return `${this.prefix}:to:${instanceId}`;
  }

  private onConnection(up: boolean): void {
    this.up = up;
    this.options.events?.onConnection?.(up);
    if (up) {
      this.peersKnown.renew(performance.now());
      this.sayWhoIAm(true);
    } else {
      for (const id of [...this.asked.keys()]) this.end(id, new MeshError('unavailable', { public: 'Redis went away before the answer' }));
    }
    this.changed();
  }

  private onBeat(): void {
    if (!this.up) return;
    const now = performance.now();
    this.sayWhoIAm(false);
    for (const id of this.asked.keys()) void this.sayAsk(id);
    for (const [id, { askedAt, over }] of this.answering) {
      if (now - askedAt <= this.beatMs * (BEATS_MISSED_MAX + 0.5)) continue;
      this.answering.delete(id);
      over.abort();
    }
    const gone = this.peersKnown.expire(now);
    if (gone.length > 0) this.lost(gone);
  }

  private lost(instanceIds: readonly string[]): void {
    for (const [id, { request }] of [...this.asked]) {
      if (instanceIds.includes(request.instanceId)) this.end(id, goneError(request.instanceId));
    }
    this.changed();
  }

  private changed(): void {
    this.options.events?.onPeers?.(this.peersKnown.all.length);
    for (const listener of [...this.listeners]) this.guarded(listener);
  }

  /** Facts that change in one turn are told once. */
  private sayWhoIAmSoon(): void {
    if (this.sayingSoon) return;
    this.sayingSoon = true;
    setImmediate(() => {
      this.sayingSoon = false;
      this.sayWhoIAm(false);
    });
  }

  private sayWhoIAm(news: boolean): void {
    void this.link.publish(this.all, encode({ is: 'here', from: this.instanceId, news, facts: Object.fromEntries(this.facts) }));
  }

  private send(to: string, envelope: DistributiveOmit<Envelope, 'from'>, body?: Uint8Array): void {
    void this.link.publish(this.channelOf(to), encode({ ...envelope, from: this.instanceId } as Envelope, body));
  }

  private async sayAsk(id: string): Promise<void> {
    const { request } = this.asked.get(id) ?? {};
    if (!request) return;
    try {
      const ref = await this.link.put(request.body);
      this.send(request.instanceId, { is: 'ask', id, method: request.method, ...(ref ? { ref } : {}) }, ref ? undefined : request.body);
    } catch (error) {
      this.end(id, asMeshError(error));
    }
  }

  private onMessage(message: Buffer): void {
    const read = decode(message);
    if (!read || read.envelope.from === this.instanceId) return;
    const { envelope, body } = read;
    switch (envelope.is) {
      case 'here':
        if (envelope.news) this.sayWhoIAm(false);
        if (this.peersKnown.heard(envelope.from, envelope.facts, performance.now())) this.changed();
        return;
      case 'bye':
        if (this.peersKnown.gone(envelope.from)) this.lost([envelope.from]);
        return;
      case 'ask':
        return this.onAsk(envelope, body);
      case 'over':
        this.answering.get(envelope.id)?.over.abort();
        this.answering.delete(envelope.id);
        return;
      case 'tell':
      case 'end':
        return this.onAnswer(envelope, body);
    }
  }

  private onAsk(ask: Extract<Envelope, { is: 'ask' }>, inline: Buffer): void {
    const known = this.answering.get(ask.id);
    if (known) {
      known.askedAt = performance.now(); // still waited for
      if (known.end) this.send(ask.from, known.end);
      return;
    }
    const over = new AbortController();
    const answering: Answering = { over, askedAt: performance.now(), turn: Promise.resolve() };
    this.answering.set(ask.id, answering);
    const answer = this.answerTo(ask, answering);
    const handler = this.handlers.get(ask.method);
    if (!handler) return answer.end(new MeshError('unavailable', { public: `instance ${this.instanceId} does not know "${ask.method}"` }));
    const body = ask.ref === undefined ? Promise.resolve(inline) : this.link.take(ask.ref);
    body.then((bytes) => handler(bytes, answer)).catch((error: unknown) => answer.end(asMeshError(error)));
  }

  private answerTo({ id, from }: { id: string; from: string }, answering: Answering): BusAnswer {
    const { signal } = answering.over;
    const inTurn = (work: () => Promise<void> | void): void => {
      answering.turn = answering.turn.then(work).catch((error: unknown) => {
        this.options.log.debug({ reason: messageOf(error) }, 'an answer to another instance was lost');
        this.send(from, { is: 'end', id, error: errorOf(asMeshError(error)) });
      });
    };
    return {
      signal,
      tell: (body) =>
        inTurn(async () => {
          if (signal.aborted) return;
          const ref = await this.link.put(body);
          this.send(from, { is: 'tell', id, ...(ref ? { ref } : {}) }, ref ? undefined : body);
        }),
      end: (error) =>
        inTurn(() => {
          if (signal.aborted) return;
          answering.end = { is: 'end', from: this.instanceId, id, ...(error ? { error: errorOf(error) } : {}) };
          answering.over.abort();
          this.send(from, answering.end);
        }),
    };
  }

  private onAnswer(envelope: Extract<Envelope, { is: 'tell' | 'end' }>, inline: Buffer): void {
    const asked = this.asked.get(envelope.id);
    if (!asked) return;
    asked.turn = asked.turn.then(async () => {
      if (!this.asked.has(envelope.id)) return;
      if (envelope.is === 'end') return this.end(envelope.id, envelope.error && new MeshError(envelope.error.code, envelope.error));
      try {
        const body = envelope.ref === undefined ? inline : await this.link.take(envelope.ref);
        if (this.asked.has(envelope.id)) this.guarded(() => asked.listener.onTell(body));
      } catch (error) {
        this.end(envelope.id, asMeshError(error));
      }
    });
  }

  private end(id: string, error: MeshError | undefined): void {
    const asked = this.asked.get(id);
    if (!asked) return;
    this.settle(id, error?.code ?? 'ok');
    this.guarded(() => asked.listener.onEnd(error));
  }

  private settle(id: string, result: string): void {
    const asked = this.asked.get(id);
    this.asked.delete(id);
    if (asked) this.options.events?.onRequest?.(asked.request.method, result, (performance.now() - asked.startedAt) / 1000);
  }

  private guarded(work: () => void): void {
    try {
      work();
    } catch (err) {
      this.options.log.error({ err }, 'a listener of the bus failed');
    }
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function goneError(instanceId: string): MeshError {
  return new MeshError('unavailable', { public: `instance ${instanceId} is gone` });
}

function asMeshError(error: unknown): MeshError {
  if (MeshError.is(error)) return error;
  return new MeshError('unavailable', { public: 'the request to another instance was lost', internal: messageOf(error), cause: error });
}

function errorOf({ code, public: text, hint }: MeshError): EnvelopeError {
  return { code, public: text, ...(hint === undefined ? {} : { hint }) };
}
