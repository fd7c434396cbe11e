import type { JsonObject, ResourceDraft } from '@mesh/core';
import type { MeshSpec } from '@mesh/resources';
import { allPolicyKinds } from './kinds.gen.js';

/** A policy every new mesh starts with; `prefix` comes before the name of the mesh. */
interface DefaultPolicy {
  readonly kind: string;
  readonly prefix: string;
  readonly spec: JsonObject;
}

const WHOLE_MESH = { kind: 'Mesh' };
const BACK_OFF = { baseInterval: '25ms', maxInterval: '250ms' };

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
  {
    kind: 'MeshCircuitBreaker',
    prefix: 'mesh-circuit-breaker-all',
    spec: {
      targetRef: WHOLE_MESH,
      to: [
        {
          targetRef: WHOLE_MESH,
          default: { connectionLimits: { maxConnections: 1024, maxPendingRequests: 1024, maxRetries: 3, maxRequests: 1024 } },
        },
      ],
    },
  },
  {
    kind: 'MeshRetry',
    prefix: 'mesh-retry-all',
    spec: {
      targetRef: WHOLE_MESH,
      to: [
        {
          targetRef: WHOLE_MESH,
          default: {
            tcp: { maxConnectAttempt: 5 },
            http: { numRetries: 5, perTryTimeout: '16s', backOff: BACK_OFF },
            grpc: { numRetries: 5, perTryTimeout: '16s', backOff: BACK_OFF },
          },
        },
      ],
    },
  },
];

const ANY_SERVICE = { match: { 'kuma.io/service': '*' } };

const ROUTING_RESOURCES: readonly DefaultPolicy[] = [
  {
    kind: 'TrafficPermission',
    prefix: 'allow-all',
    spec: { sources: [ANY_SERVICE], destinations: [ANY_SERVICE] },
  },
  {
    kind: 'TrafficRoute',
    prefix: 'route-all',
    spec: { sources: [ANY_SERVICE], destinations: [ANY_SERVICE], conf: { destination: { 'kuma.io/service': '*' } } },
  },
];

/** What comes beside the policies every mesh starts with. */
export interface DefaultPolicyOptions {
  /** KUMA_DEFAULTS_CREATE_MESH_ROUTING_RESOURCES: a TrafficPermission and a TrafficRoute for everybody. */
  readonly routingResources?: boolean;
}

/**
 * Policies a new mesh starts with, with Kuma's names and values (contract/kds.md §7): of the kinds
 * this build has, but for those the mesh says to skip. Unless asked for, none lets anybody in: that
 * is for the user to decide.
 */
export function defaultPoliciesForMesh(mesh: string, spec: MeshSpec = {}, options: DefaultPolicyOptions = {}): ResourceDraft[] {
  const skipped = new Set(spec.skipCreatingInitialPolicies ?? []);
  const wanted = [...DEFAULTS, ...(options.routingResources ? ROUTING_RESOURCES : [])];
  return wanted
    .filter(({ kind }) => !skipped.has('*') && !skipped.has(kind) && allPolicyKinds.some((policy) => policy.kind === kind))
    .map(({ kind, prefix, spec: policy }) => ({
      kind,
      mesh,
      name: `${prefix}-${mesh}`,
      spec: policy,
      owner: { kind: 'Mesh', mesh: '', name: mesh },
    }));
}
