import { MeshError, type ResourceStore, type ResourceView, type TokenRequest } from '@mesh/core';
import type { MeshHook } from '@mesh/resources';
import type { KumaConfig } from '@mesh/runtime';

export interface IdentityOptions {
  readonly store: ResourceStore;
  readonly view: ResourceView;
  readonly config: KumaConfig;
}

/** What a control plane does with keys: secrets that come with a Mesh, and tokens. */
export function identityOf(_options: IdentityOptions): {
  readonly meshHooks: readonly MeshHook[];
  readonly issueToken: (request: TokenRequest) => Promise<string>;
} {
  return {
    meshHooks: [],
    issueToken: async () => {
      throw new MeshError('signing_key_not_found', { public: 'there is no signing key' });
    },
  };
}
