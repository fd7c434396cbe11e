import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DeltaClientState,
  type DeltaRequest,
  DeltaSession,
  kdsRules,
  type SendAction,
  type SessionAction,
  type Snapshot,
} from '../src/index.js';
import { snapshotOf } from './model-client.js';

const kinds = ['Mesh', 'MeshTimeout'];
const content = fc.dictionary(fc.constantFrom('a.m', 'b.m', 'c.m'), fc.constantFrom('1', '2', 'bad'), { maxKeys: 3 });
const arbitrarySnapshot = fc.record({ Mesh: content, MeshTimeout: content }).map(snapshotOf);
const arbitraryOp = fc.oneof(
  { weight: 3, arbitrary: arbitrarySnapshot },
  { weight: 6, arbitrary: fc.constantFrom('toServer' as const, 'toClient' as const) },
  { weight: 1, arbitrary: fc.constant('reconnect' as const) },
);

/** A receiver that stores what it can: single resources of version `bad` are refused, the rest of a reply is kept. */
class Receiver {
  readonly state = new DeltaClientState();
  private session = new DeltaSession(kdsRules);
  private requests: DeltaRequest[] = [];
  private replies: SendAction[] = [];
  private snapshot: Snapshot | undefined;

  constructor() {
    this.connect();
  }

  private connect(): void {
    this.session = new DeltaSession(kdsRules);
    this.replies = [];
    if (this.snapshot) this.take(this.session.onSnapshot(this.snapshot));
    this.requests = kinds.map((kind) => this.state.subscribe(kind));
  }

  apply(op: Snapshot | 'toServer' | 'toClient' | 'reconnect'): void {
    if (op === 'toServer') this.toServer();
    else if (op === 'toClient') this.toClient();
    else if (op === 'reconnect') this.connect();
    else {
      this.snapshot = op;
      this.take(this.session.onSnapshot(op));
    }
  }

  private toServer(): boolean {
    const request = this.requests.shift();
    if (request) this.take(this.session.onRequest(request));
    return request !== undefined;
  }

  private toClient(): boolean {
    const reply = this.replies.shift();
    if (!reply) return false;
    const refused = new Set(reply.resources.filter((resource) => resource.version === 'bad').map((resource) => resource.name));
    this.requests.push(refused.size > 0 ? this.state.nack(reply, refused, 'bad') : this.state.ack(reply));
    return true;
  }

  drain(): void {
    for (let i = 0; i < 1_000; i++) if (!this.toClient() && !this.toServer()) return;
    throw new Error('receiver and sender never come to rest');
  }

  private take(actions: readonly SessionAction[]): void {
    for (const action of actions) if (action.type === 'send') this.replies.push(action);
  }
}

function expectHeld(held: ReadonlyMap<string, string>, last: Snapshot, kind: string): void {
  const offered = [...(last.get(kind)?.resources.values() ?? [])];
  const names = offered.map((resource) => resource.name);
  for (const { name, version } of offered) if (version !== 'bad') expect(held.get(name), `${kind} ${name}`).toBe(version);
  for (const name of held.keys()) expect(names, `${kind} holds what the sender lacks`).toContain(name);
}

describe('a KDS receiver', () => {
  it('ends with what the sender has, but for what it refuses, whatever happened before', () => {
    fc.assert(
      fc.property(fc.array(arbitraryOp, { maxLength: 40 }), arbitrarySnapshot, (ops, last) => {
        const receiver = new Receiver();
        for (const op of ops) receiver.apply(op);
        receiver.apply(last);
        receiver.drain();
        for (const kind of kinds) expectHeld(receiver.state.versions(kind), last, kind);
      }),
      { numRuns: 2_000 },
    );
  });
});
