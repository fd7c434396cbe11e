import { type Clock, type ResourceStore, type ResourceView, systemClock, type TokenRequest } from '@mesh/core';
import { issueToken, meshSecretsHook } from '@mesh/identity';
import type { MeshHook } from '@mesh/resources';

export interface IdentityOptions {
  readonly store: ResourceStore;
  readonly view: ResourceView;
  readonly clock?: Clock;
}

/** What a control plane does with keys: secrets that come with a Mesh, and tokens. */
export function identityOf({ store, view, clock = systemClock }: IdentityOptions): {
  readonly meshHooks: readonly MeshHook[];
  readonly issueToken: (request: TokenRequest) => Promise<string>;
} {
  return {
    meshHooks: [meshSecretsHook({ store, clock })],
    issueToken: (request) => issueToken(view, request, clock.now()),
  };
}
