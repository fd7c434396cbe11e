import {
  type DescriptorRegistry,
  type JsonObject,
  LABEL_ENV,
  LABEL_MESH,
  LABEL_ORIGIN,
  LABEL_ZONE,
  type Mutation,
  ORIGIN_ZONE,
} from '@mesh/core';
import type { ControlPlaneFacts, MeshChange, MeshHook } from '@mesh/resources';

interface DefaultPolicy {
  readonly kind: string;
  readonly name: (mesh: string) => string;
  readonly spec: JsonObject;
}

const wholeMesh = { kind: 'Mesh' };

/** Policies a Mesh begins with, with Kuma's names and values (contract/kds.md §7). */
const DEFAULT_POLICIES: readonly DefaultPolicy[] = [
  {
    kind: 'MeshTimeout',
    name: (mesh) => `mesh-timeout-all-${mesh}`,
    spec: {
      targetRef: { kind: 'Mesh', proxyTypes: ['Sidecar'] },
      to: [
        {
          targetRef: wholeMesh,
          default: { connectionTimeout: '5s', idleTimeout: '1h0m0s', http: { requestTimeout: '15s', streamIdleTimeout: '30m0s' } },
        },
      ],
      from: [
        {
          targetRef: wholeMesh,
          default: {
            connectionTimeout: '10s',
            idleTimeout: '2h0m0s',
            http: { requestTimeout: '0s', streamIdleTimeout: '1h0m0s', maxStreamDuration: '0s' },
          },
        },
      ],
    },
  },
  {
    kind: 'MeshTimeout',
    name: (mesh) => `mesh-gateways-timeout-all-${mesh}`,
    spec: {
      targetRef: { kind: 'Mesh', proxyTypes: ['Gateway'] },
      to: [{ targetRef: wholeMesh, default: { idleTimeout: '1h0m0s', http: { streamIdleTimeout: '5s' } } }],
      from: [{ targetRef: wholeMesh, default: { idleTimeout: '5m0s', http: { streamIdleTimeout: '5s', requestHeadersTimeout: '500ms' } } }],
    },
  },
  {
    kind: 'MeshCircuitBreaker',
    name: (mesh) => `mesh-circuit-breaker-all-${mesh}`,
    spec: {
      targetRef: wholeMesh,
      to: [
        {
          targetRef: wholeMesh,
          default: { connectionLimits: { maxConnections: 1024, maxPendingRequests: 1024, maxRetries: 3, maxRequests: 1024 } },
        },
      ],
    },
  },
  {
    kind: 'MeshRetry',
    name: (mesh) => `mesh-retry-all-${mesh}`,
    spec: {
      targetRef: wholeMesh,
      to: [
        {
          targetRef: wholeMesh,
          default: {
            tcp: { maxConnectAttempt: 5 },
            http: { numRetries: 5, perTryTimeout: '16s', backOff: { baseInterval: '25ms', maxInterval: '250ms' } },
            grpc: { numRetries: 5, perTryTimeout: '16s', backOff: { baseInterval: '25ms', maxInterval: '250ms' } },
          },
        },
      ],
    },
  },
];

const ANY_SERVICE = { match: { 'kuma.io/service': '*' } };

/** Only with KUMA_DEFAULTS_CREATE_MESH_ROUTING_RESOURCES. */
const ROUTING_RESOURCES: readonly DefaultPolicy[] = [
  {
    kind: 'TrafficPermission',
    name: (mesh) => `allow-all-${mesh}`,
    spec: { sources: [ANY_SERVICE], destinations: [ANY_SERVICE] },
  },
  {
    kind: 'TrafficRoute',
    name: (mesh) => `route-all-${mesh}`,
    spec: { sources: [ANY_SERVICE], destinations: [ANY_SERVICE], conf: { destination: { 'kuma.io/service': '*' } } },
  },
];

export interface DefaultPoliciesOptions {
  readonly registry: DescriptorRegistry;
  readonly facts: Pick<ControlPlaneFacts, 'mode' | 'zone' | 'environment'>;
  readonly createRoutingResources: boolean;
}

/** Adds the default policies to a Mesh that is created, but for those its `skipCreatingInitialPolicies` names. */
export function meshPoliciesHook({ registry, facts, createRoutingResources }: DefaultPoliciesOptions): MeshHook {
  const origin: Readonly<Record<string, string>> =
    facts.mode === 'zone' ? { [LABEL_ORIGIN]: ORIGIN_ZONE, [LABEL_ZONE]: facts.zone, [LABEL_ENV]: facts.environment } : {};
  const policies = [...DEFAULT_POLICIES, ...(createRoutingResources ? ROUTING_RESOURCES : [])].filter(({ kind }) => registry.get(kind));
  return async (change) =>
    change.before
      ? []
      : policies.filter(({ kind }) => !isSkipped(kind, change)).map((policy) => creation(policy, { mesh: change.name, origin }));
}

function isSkipped(kind: string, { spec }: MeshChange): boolean {
  const skipped = spec.skipCreatingInitialPolicies ?? [];
  return skipped.includes('*') || skipped.includes(kind);
}

interface Place {
  readonly mesh: string;
  /** Labels that say which control plane made it. */
  readonly origin: Readonly<Record<string, string>>;
}

function creation({ kind, name, spec }: DefaultPolicy, { mesh, origin }: Place): Mutation {
  // Routing resources come from the global alone; zones do not own their kinds.
  const labels = { [LABEL_MESH]: mesh, ...(ROUTING_RESOURCES.some((each) => each.kind === kind) ? {} : origin) };
  return { op: 'upsert', draft: { kind, mesh, name: name(mesh), labels, spec, owner: { kind: 'Mesh', mesh: '', name: mesh } } };
}
