import type { DeltaRequest, SessionAction } from './actions.js';
import type { SnapshotType } from './snapshot.js';
import { StreamSession } from './stream-session.js';
import type { Payload, TypeState } from './type-state.js';

/**
 * Server side of one stream of incremental xDS:
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#incremental-xds.
 * Pure: requests and snapshots go in, responses and events come out.
 */
export class DeltaSession extends StreamSession {
  /** @throws MeshError `too_large` when the client asks for more than a stream may hold. */
  onRequest(request: DeltaRequest): SessionAction[] {
    const existing = this.states.get(request.typeUrl);
    const state = existing ?? this.open(request.typeUrl);
    const actions = existing ? this.answerTo(state, request) : [];
    if (existing) this.subscribe(state, request.subscribe, {});
    else this.first(state, request);
    this.unsubscribe(state, request.unsubscribe);
    if (request.subscribe.length > 0 || request.unsubscribe.length > 0) {
      this.checkSize(state);
      state.subscriptionChanged();
      state.releaseRejections(this.typeOf(state));
    }
    actions.push(...this.flush());
    return actions;
  }

  protected versionFor(_state: TypeState, type: SnapshotType): string {
    return type.version;
  }

  protected compose(_state: TypeState, _type: SnapshotType, payload: Payload): Payload {
    return payload;
  }

  protected tellsRemovals(): boolean {
    return true;
  }

  private answerTo(state: TypeState, request: DeltaRequest): SessionAction[] {
    const isAnswer = state.outstanding !== undefined && request.responseNonce === state.outstanding.nonce;
    return isAnswer ? this.answer(state, request.error) : [];
  }

  private first(state: TypeState, request: DeltaRequest): void {
    const initial = request.initialVersions;
    const renewed = this.takeEarlyRenewals(state.typeUrl);
    for (const [name, version] of Object.entries(initial)) state.assume(name, renewed.has(name) ? '' : version);
    if (request.subscribe.length === 0 && state.rule.legacyWildcard) state.subscription.wildcard = true;
    this.subscribe(state, request.subscribe, initial);
    state.answers = state.known.size > 0;
    state.owesAnswer = state.subscription.wildcard && state.known.size === 0;
  }

  private subscribe(state: TypeState, names: readonly string[], initial: Readonly<Record<string, string>>): void {
    for (const name of names) {
      if (name === '*') {
        state.subscription.wildcard = true;
        continue;
      }
      state.subscription.add(name);
      if (Object.hasOwn(initial, name)) continue;
      state.forget(name);
      state.asked.add(name);
    }
  }

  private unsubscribe(state: TypeState, names: readonly string[]): void {
    for (const name of names) {
      if (name === '*') {
        state.subscription.wildcard = false;
        for (const held of [...state.known.keys()]) if (!state.subscription.has(held)) state.forget(held);
        continue;
      }
      state.subscription.remove(name);
      state.forget(name);
      // Still covered by the wildcard, or not: the client cannot know, so it is told.
      if (state.subscription.wildcard) state.asked.add(name);
      else state.asked.delete(name);
    }
  }
}
