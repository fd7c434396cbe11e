import { hash } from 'node:crypto';
import type { SessionAction, SotwRequest } from './actions.js';
import type { SnapshotResource, SnapshotType } from './snapshot.js';
import { StreamSession } from './stream-session.js';
import type { Payload, TypeState } from './type-state.js';

/**
 * Server side of one state-of-the-world stream:
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#basic-protocol-overview.
 * Listeners and clusters go out in full; of other types only what is subscribed and differs.
 * Pure: requests and snapshots go in, responses and events come out.
 */
export class SotwSession extends StreamSession {
  /** Versions that clients reported with their first request, until there is a snapshot to compare with. */
  private readonly reported = new Map<TypeState, string>();

  /** @throws MeshError `too_large` when the client asks for more than a stream may hold. */
  onRequest(request: SotwRequest): SessionAction[] {
    const existing = this.states.get(request.typeUrl);
    const state = existing ?? this.open(request.typeUrl);
    const actions: SessionAction[] = [];
    // With the nonce of an older response a request answers nothing; its names are the latest all the same.
    if (existing?.outstanding && request.responseNonce === existing.outstanding.nonce) actions.push(...this.answer(state, request.error));
    this.subscribe(state, request.resourceNames);
    if (!existing) {
      state.owesAnswer = true;
      state.answers = request.versionInfo !== '';
      this.reported.set(state, request.versionInfo);
    }
    state.releaseRejections(this.typeOf(state));
    actions.push(...this.flush());
    return actions;
  }

  protected override flush(): SessionAction[] {
    if (this.hasSnapshot()) {
      for (const [state, version] of this.reported) this.compareReported(state, version);
      this.reported.clear();
    }
    return super.flush();
  }

  protected versionFor(state: TypeState, type: SnapshotType, message: Payload): string {
    if (state.rule.fullState) return versionOf(message.changed, type);
    // A client that refused something must not look as if it had everything when it comes back.
    return versionOf(state.wanted(type), undefined) + (state.hasRejections() ? '-partial' : '');
  }

  protected compose(state: TypeState, type: SnapshotType, payload: Payload): Payload {
    if (!state.rule.fullState) return { changed: payload.changed, removed: [] };
    const removed = new Set(payload.removed);
    const content = state.wanted(type);
    for (const name of state.removals(type)) {
      const kept = state.known.get(name);
      if (kept && kept.body.length > 0 && !removed.has(name)) content.push(kept);
    }
    return { changed: content, removed: [] };
  }

  protected tellsRemovals(state: TypeState): boolean {
    return state.rule.fullState;
  }

  private subscribe(state: TypeState, names: readonly string[]): void {
    const added = state.subscription.replace(names, state.rule.legacyWildcard);
    for (const name of added) state.renew(name);
    if (!state.rule.fullState) for (const held of [...state.known.keys()]) if (!state.subscription.includes(held)) state.forget(held);
    this.checkSize(state);
    state.subscriptionChanged();
  }

  /** A client that comes back with the version we would send has all of it. */
  private compareReported(state: TypeState, reported: string): void {
    const type = this.typeOf(state);
    const wanted = state.wanted(type);
    const current = versionOf(wanted, state.rule.fullState ? type : undefined);
    const renewed = this.takeEarlyRenewals(state.typeUrl);
    if (reported === '' || reported !== current) return;
    state.owesAnswer = false;
    for (const resource of wanted) if (!renewed.has(resource.name)) state.known.set(resource.name, resource);
  }
}

/** The version of a set of resources: that of the type where it is all of the type, else a hash. */
function versionOf(resources: readonly SnapshotResource[], type: SnapshotType | undefined): string {
  if (type && resources.length === type.resources.size && resources.every((r) => type.resources.get(r.name)?.version === r.version)) {
    return type.version;
  }
  const lines = resources.map((r) => `${r.name}\0${r.version}\n`).sort();
  return hash('sha256', lines.join(''), 'hex').slice(0, 32);
}
