import type { SubscriptionState } from './subscription-state.js';
import {
  decodeDeltaResponse,
  decodeSotwResponse,
  encodeDeltaRequest,
  encodeSotwRequest,
  type NodeIdentity,
  type XdsResponse,
} from './wire/messages.js';

/** A change of what is asked for. */
export interface Wish {
  /** All names wanted now; empty for a wildcard. */
  readonly names: readonly string[];
  /** Names held already that are to be sent again, because the cluster they belong to is new (Envoy warms it from them). */
  readonly again: readonly string[];
}

/** What differs between the two variants of ADS, as a client. Requests are bytes; `state` is brought up to date. */
export interface Protocol {
  /** A response of a wildcard type holds all there is, and one version for all of it. */
  readonly replaces: boolean;
  decode(bytes: Buffer): XdsResponse;
  /** The request for a wish; undefined where it would say nothing new. */
  request(state: SubscriptionState, wish: Wish, node: NodeIdentity | undefined): Uint8Array | undefined;
  ack(state: SubscriptionState, response: XdsResponse): Uint8Array;
  nack(state: SubscriptionState, response: XdsResponse, error: string): Uint8Array;
}

/** State of the world: every request repeats all names and the last accepted version. */
export const sotw: Protocol = {
  replaces: true,
  decode: decodeSotwResponse,
  request(state, { names, again }, node) {
    if (state.requested && again.length === 0 && sameNames(state.names, names)) return undefined;
    state.names = names;
    state.requested = true;
    return encodeSotwRequest({ node, typeUrl: state.typeUrl, version: state.version, nonce: state.nonce, names });
  },
  ack(state, { version, nonce }) {
    state.version = version;
    return encodeSotwRequest({ node: undefined, typeUrl: state.typeUrl, version, nonce, names: state.names });
  },
  nack(state, { nonce }, error) {
    return encodeSotwRequest({ node: undefined, typeUrl: state.typeUrl, version: state.version, nonce, names: state.names, error });
  },
};

/** Incremental: only names that come or go are said, and on a new stream the versions that are held. */
export const delta: Protocol = {
  replaces: false,
  decode: decodeDeltaResponse,
  request(state, { names, again }, node) {
    const before = new Set(state.requested ? state.names : []);
    const wanted = new Set(names);
    const subscribe = [...new Set([...names.filter((name) => !before.has(name)), ...again])];
    const unsubscribe = [...before].filter((name) => !wanted.has(name));
    if (state.requested && subscribe.length === 0 && unsubscribe.length === 0) return undefined;
    const initialVersions = state.requested ? {} : versionsHeld(state);
    state.names = names;
    state.requested = true;
    return encodeDeltaRequest({ node, typeUrl: state.typeUrl, nonce: '', subscribe, unsubscribe, initialVersions });
  },
  ack: (state, { nonce }) => encodeDeltaRequest({ ...bare(state), nonce }),
  nack: (state, { nonce }, error) => encodeDeltaRequest({ ...bare(state), nonce, error }),
};

function bare(state: SubscriptionState) {
  return { node: undefined, typeUrl: state.typeUrl, subscribe: [], unsubscribe: [], initialVersions: {} };
}

function versionsHeld(state: SubscriptionState): Record<string, string> {
  return Object.fromEntries([...state.held].map(([name, { version }]) => [name, version]));
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}
