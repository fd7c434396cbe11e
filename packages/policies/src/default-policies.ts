import type { JsonObject, ResourceDraft } from '@mesh/core';
import type { MeshSpec } from '@mesh/resources';

/** A policy every new mesh starts with; `name` comes before the mesh's. */
interface DefaultPolicy {
  readonly kind: string;
  readonly prefix: string;
  readonly spec: JsonObject;
}

const WHOLE_MESH = { kind: 'Mesh' };

const DEFAULTS: readonly DefaultPolicy[] = [
  {
    kind: 'MeshTimeout',
    prefix: 'mesh-timeout-all',
    spec: {
      targetRef: { kind: 'Mesh', proxyTypes: ['Sidecar'] },
      from: [
        {
          targetRef: WHOLE_MESH,
          default: {
            connectionTimeout: '10s',
            idleTimeout: '2h0m0s',
            http: { requestTimeout: '0s', streamIdleTimeout: '1h0m0s', maxStreamDuration: '0s' },
          },
        },
      ],
      to: [
        {
          targetRef: WHOLE_MESH,
          default: { connectionTimeout: '5s', idleTimeout: '1h0m0s', http: { requestTimeout: '15s', streamIdleTimeout: '30m0s' } },
        },
      ],
    },
  },
  {
    kind: 'MeshTimeout',
    prefix: 'mesh-gateways-timeout-all',
    spec: {
      targetRef: { kind: 'Mesh', proxyTypes: ['Gateway'] },
      from: [
        { targetRef: WHOLE_MESH, default: { idleTimeout: '5m0s', http: { streamIdleTimeout: '5s', requestHeadersTimeout: '500ms' } } },
      ],
      to: [{ targetRef: WHOLE_MESH, default: { idleTimeout: '1h0m0s', http: { streamIdleTimeout: '5s' } } }],
    },
  },
];

/**
 * Policies a new mesh starts with (contract/kds.md §7), but for kinds the mesh says to skip. None
 * lets anybody in: that is for the user to decide.
 */
export function defaultPoliciesForMesh(mesh: string, spec: MeshSpec = {}): ResourceDraft[] {
  const skipped = new Set(spec.skipCreatingInitialPolicies ?? []);
  return DEFAULTS.filter(({ kind }) => !skipped.has('*') && !skipped.has(kind)).map(({ kind, prefix, spec: policy }) => ({
    kind,
    mesh,
    name: `${prefix}-${mesh}`,
    spec: policy,
    owner: { kind: 'Mesh', mesh: '', name: mesh },
  }));
}
