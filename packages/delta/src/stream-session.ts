import { MeshError } from '@mesh/core';
import type { SendAction, SessionAction } from './actions.js';
import { Departing } from './departing.js';
import type { ProtocolRules } from './rules.js';
import type { Snapshot, SnapshotType } from './snapshot.js';
import { type Payload, TypeState } from './type-state.js';

/** A client may ask for this many types on one stream. */
const typesMax = 256;
/** A client may name this many resources of one type. */
const namesMax = 200_000;

const emptyType: SnapshotType = { version: '', resources: new Map() };

/**
 * What both variants share: which type may be sent when. At most one response per type is
 * unanswered; what changes meanwhile is sent, in its latest form, with the answer.
 */
export abstract class StreamSession {
  protected readonly states = new Map<string, TypeState>();
  /** Resources the client forgot before it asked for their type. */
  private readonly earlyRenewals = new Map<string, Set<string>>();
  private readonly departing = new Map<string, Departing>();
  private snapshot: Snapshot | undefined;
  private generation = 0;
  private nonce = 0;
  private hurrying = false;

  constructor(protected readonly rules: ProtocolRules) {}

  /** The latest state; nothing is sent before the first. */
  onSnapshot(snapshot: Snapshot): SessionAction[] {
    this.snapshot = snapshot;
    this.generation += 1;
    this.keepDeparting(snapshot);
    for (const state of this.states.values()) state.releaseRejections(this.typeOf(state));
    return this.flush();
  }

  /** Whether something is held back for the answer to something else. */
  get waiting(): boolean {
    for (const state of this.states.values()) if (state.waiting && !state.outstanding) return true;
    return false;
  }

  /**
   * Sends what is held back for other types all the same: for a client that takes too long, as
   * Envoy does with a cluster that cannot warm.
   */
  hurry(): SessionAction[] {
    this.hurrying = true;
    try {
      return this.flush();
    } finally {
      this.hurrying = false;
    }
  }

  /** Whether the client has answered everything there is to tell it now. */
  get settled(): boolean {
    if (!this.snapshot) return false;
    for (const state of this.states.values()) if (!state.idle(this.typeOf(state))) return false;
    return true;
  }

  /** What a response says of the version of its type. */
  protected abstract versionFor(state: TypeState, type: SnapshotType, payload: Payload): string;

  /** Turns what is to be told into the parts of a response, and books it. */
  protected abstract compose(state: TypeState, type: SnapshotType, payload: Payload): Payload;

  /** Whether the variant can tell removals of this type. */
  protected abstract tellsRemovals(state: TypeState): boolean;

  protected typeOf(state: TypeState): SnapshotType {
    return this.departing.get(state.typeUrl)?.type ?? this.snapshot?.get(state.typeUrl) ?? emptyType;
  }

  protected hasSnapshot(): boolean {
    return this.snapshot !== undefined;
  }

  protected open(typeUrl: string): TypeState {
    if (this.states.size >= typesMax) throw new MeshError('too_large', { public: `more than ${typesMax} types on one stream` });
    const state = new TypeState(typeUrl, this.rules.types.get(typeUrl) ?? this.rules.otherTypes);
    this.states.set(typeUrl, state);
    return state;
  }

  /** Names of a type whose resources the client forgot before it asked for the type. */
  protected takeEarlyRenewals(typeUrl: string): ReadonlySet<string> {
    const names = this.earlyRenewals.get(typeUrl) ?? new Set<string>();
    this.earlyRenewals.delete(typeUrl);
    return names;
  }

  protected checkSize(state: TypeState): void {
    if (state.subscription.names.size > namesMax) {
      throw new MeshError('too_large', { public: `more than ${namesMax} names of type ${state.typeUrl}` });
    }
  }

  /** Books the answer to the outstanding response. */
  protected answer(state: TypeState, error: string | undefined): SessionAction[] {
    const answered = error === undefined ? state.acknowledged() : state.rejected();
    if (!answered) return [];
    state.releaseRejections(this.typeOf(state));
    const { nonce, version } = answered;
    const { typeUrl } = state;
    return [error === undefined ? { type: 'ack', typeUrl, version, nonce } : { type: 'nack', typeUrl, version, nonce, error }];
  }

  /** Everything that may be sent now. */
  protected flush(): SessionAction[] {
    if (!this.snapshot) return [];
    const actions: SessionAction[] = [];
    const states = this.inOrder();
    for (const state of states) this.sendChanges(state, actions);
    for (const state of states) if (state.rule.removeAfter.length > 0) this.sendRemovals(state, actions);
    return actions;
  }

  private keepDeparting(snapshot: Snapshot): void {
    for (const [typeUrl, { renews }] of this.rules.types) {
      if (renews === undefined) continue;
      let departing = this.departing.get(renews);
      if (!departing) this.departing.set(renews, (departing = new Departing()));
      const known = this.states.get(typeUrl)?.known;
      const next = snapshot.get(typeUrl)?.resources;
      departing.update(snapshot.get(renews) ?? emptyType, (name) => known?.has(name) === true && next?.has(name) !== true);
    }
  }

  private inOrder(): TypeState[] {
    const ordered: TypeState[] = [];
    for (const typeUrl of this.rules.types.keys()) {
      const state = this.states.get(typeUrl);
      if (state) ordered.push(state);
    }
    for (const state of this.states.values()) if (!this.rules.types.has(state.typeUrl)) ordered.push(state);
    return ordered;
  }

  private sendChanges(state: TypeState, actions: SessionAction[]): void {
    const type = this.typeOf(state);
    if (state.outstanding) {
      const later = state.changes(type);
      if (later.length > 0) state.wait(this.generation, type, later);
      return;
    }
    if (!this.tellsRemovals(state)) state.dropUnwanted(type);
    const changed = state.changes(type);
    const free = state.rule.removeAfter.length === 0 ? state.removals(type) : [];
    const removed = [...state.absent(type), ...free];
    if (changed.length === 0) {
      state.settled = this.generation;
      state.waiting = undefined;
    } else {
      if (this.mustWait(state, state.wait(this.generation, type, changed))) return;
    }
    if (changed.length > 0 || removed.length > 0 || state.owesAnswer) actions.push(this.send(state, { changed, removed }));
    else if (state.removals(type).length === 0) {
      if (state.comesWithAll()) actions.push({ type: 'held', typeUrl: state.typeUrl, version: type.version, nonce: '' });
      state.markClean(type);
    }
  }

  /**
   * Whether a type that this one builds on adds something that is unsent, or unanswered since
   * `generation`. A first response does not wait for a client that has never answered anything.
   */
  private mustWait(state: TypeState, generation: number): boolean {
    if (this.hurrying) return false;
    return state.rule.after.some((typeUrl) => {
      const before = this.states.get(typeUrl);
      if (!before || !(state.responded || before.answers)) return false;
      if (before.waiting?.adds) return true;
      return before.settled < generation && before.outstanding?.adds === true;
    });
  }

  private sendRemovals(state: TypeState, actions: SessionAction[]): void {
    if (state.outstanding || !this.tellsRemovals(state)) return;
    const type = this.typeOf(state);
    if (state.changes(type).length > 0) return;
    const removed = state.removals(type);
    if (removed.length === 0) return;
    const blocked = state.rule.removeAfter.some((typeUrl) => {
      const other = this.states.get(typeUrl);
      return other !== undefined && !other.idle(this.typeOf(other));
    });
    if (!blocked) actions.push(this.send(state, { changed: [], removed }));
  }

  private send(state: TypeState, payload: Payload): SendAction {
    const type = this.typeOf(state);
    const { typeUrl } = state;
    const message = this.compose(state, type, payload);
    const version = this.versionFor(state, type, message);
    this.nonce += 1;
    const nonce = String(this.nonce);
    state.sent({ nonce, version, generation: this.generation }, { changed: message.changed, removed: payload.removed });
    if (state.rule.renews !== undefined) {
      this.renew(state.rule.renews, payload);
      this.departing.get(state.rule.renews)?.release(payload.removed);
    }
    return { type: 'send', typeUrl, version, nonce, resources: message.changed, removed: message.removed };
  }

  private renew(typeUrl: string, payload: Payload): void {
    const state = this.states.get(typeUrl);
    if (state) {
      for (const { name } of payload.changed) if (state.known.has(name)) state.renew(name);
      return;
    }
    let early = this.earlyRenewals.get(typeUrl);
    if (!early) this.earlyRenewals.set(typeUrl, (early = new Set()));
    for (const { name } of payload.changed) early.add(name);
  }
}
