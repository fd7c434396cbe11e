import { MeshError } from '../errors.js';

/** Another living instance of this control plane, and what it says of itself. */
export interface Peer {
  readonly instanceId: string;
  /** Values by name, e.g. what it holds: `kds-admin/zone-1`. */
  readonly facts: ReadonlyMap<string, string>;
}

/** How a request of a peer is answered: any number of tells, then an end. */
export interface BusAnswer {
  tell(body: Uint8Array): void;
  end(error?: MeshError): void;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Serves one method; what it throws ends the request with that error. */
export type BusHandler = (body: Uint8Array, answer: BusAnswer) => void;

export interface BusRequest {
  /** The peer that is asked. */
  readonly instanceId: string;
  readonly method: string;
  readonly body: Uint8Array;
  /** Ends the request. */
  readonly signal: AbortSignal;
}

export interface BusListener {
  onTell(body: Uint8Array): void;
  /** Once, unless the request's signal ended it: the peer is done, refused, is gone or out of reach. */
  onEnd(error: MeshError | undefined): void;
}

/**
 * How the instances of one control plane know of each other and ask each other. What it carries may be lost:
 * state lives in the store alone (design.md §5). Nothing here throws for want of a connection.
 */
export interface InstanceBus {
  /** `none`: instances do not know of each other. */
  readonly type: 'redis' | 'none';
  readonly instanceId: string;
  /** Whether the others are in reach now. */
  readonly connected: boolean;
  /** The others, as of the last word of them; what is out of reach is kept while this instance itself is cut off. */
  peers(): readonly Peer[];
  /** Tells the others something about this instance until the returned function is called. */
  hold(fact: string, value: string): () => void;
  /** Calls back when peers, their facts or `connected` changed. */
  subscribe(listener: () => void): { unsubscribe(): void };
  serve(method: string, handler: BusHandler): void;
  ask(request: BusRequest, listener: BusListener): void;
  /** Says goodbye to the others. */
  close(): Promise<void>;
}

/** An instance that knows of no others. */
export function loneBus(instanceId: string): InstanceBus {
  return {
    type: 'none',
    instanceId,
    connected: false,
    peers: () => [],
    hold: () => () => {},
    subscribe: () => ({ unsubscribe: () => {} }),
    serve: () => {},
    ask: (_, { onEnd }) => onEnd(new MeshError('unavailable', { public: 'there is no bus between instances' })),
    close: async () => {},
  };
}

/** A request with one answer. Throws what the peer answered, `unavailable` where it does not within `timeoutMs`. */
export function askOnce(bus: InstanceBus, request: Omit<BusRequest, 'signal'>, timeoutMs: number): Promise<Uint8Array> {
  const over = new AbortController();
  return new Promise<Uint8Array>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new MeshError('unavailable', { public: `instance ${request.instanceId} did not answer within ${timeoutMs / 1000}s` })),
      timeoutMs,
    );
    over.signal.addEventListener('abort', () => clearTimeout(timer));
    const onEnd = (error: MeshError | undefined): void =>
      reject(error ?? new MeshError('unavailable', { public: `instance ${request.instanceId} gave no answer` }));
    bus.ask({ ...request, signal: over.signal }, { onTell: resolve, onEnd });
  }).finally(() => over.abort());
}

/** The peer that holds a fact; the one with the greatest value where several do. */
export function holderOf(bus: InstanceBus, fact: string): Peer | undefined {
  let best: Peer | undefined;
  for (const peer of bus.peers()) {
    const value = peer.facts.get(fact);
    if (value !== undefined && (best === undefined || value > (best.facts.get(fact) ?? ''))) best = peer;
  }
  return best;
}
