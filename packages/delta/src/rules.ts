/** How the types of a stream relate to each other; what is not listed stands alone. */
export interface TypeRule {
  /** A first request without names asks for everything (LDS and CDS). */
  readonly legacyWildcard: boolean;
  /** In SotW each response carries the full state, and what it leaves out is deleted (LDS and CDS). */
  readonly fullState: boolean;
  /** Changes wait until the client has answered what these types add. */
  readonly after: readonly string[];
  /** Removals wait until these types have nothing left to tell. */
  readonly removeAfter: readonly string[];
  /** A change of a resource makes the client forget the resource of that name of this type. */
  readonly renews?: string;
}

/** What a session is told about the protocol it speaks. */
export interface ProtocolRules {
  /** In the order in which changes are sent. */
  readonly types: ReadonlyMap<string, TypeRule>;
  readonly otherTypes: TypeRule;
}

const prefix = 'type.googleapis.com/';

/** Type URLs of xDS (contract/dataplane.md §2.1). */
export const xdsTypeUrls = {
  cluster: `${prefix}envoy.config.cluster.v3.Cluster`,
  endpoint: `${prefix}envoy.config.endpoint.v3.ClusterLoadAssignment`,
  listener: `${prefix}envoy.config.listener.v3.Listener`,
  route: `${prefix}envoy.config.route.v3.RouteConfiguration`,
  secret: `${prefix}envoy.extensions.transport_sockets.tls.v3.Secret`,
  runtime: `${prefix}envoy.service.runtime.v3.Runtime`,
} as const;

const { cluster, endpoint, listener, route } = xdsTypeUrls;

/**
 * Make before break, as https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
 * (section "Eventual consistency considerations") asks: clusters, their endpoints, listeners,
 * routes; a cluster goes last. A changed cluster warms until its endpoints arrive again, though
 * they did not change; Envoy does not ask for them. Nor does it answer clusters before they are
 * warm, so endpoints wait for nothing.
 */
export const xdsRules: ProtocolRules = {
  types: new Map<string, TypeRule>([
    [cluster, { legacyWildcard: true, fullState: true, after: [], removeAfter: [listener, route], renews: endpoint }],
    [endpoint, { legacyWildcard: false, fullState: false, after: [], removeAfter: [cluster] }],
    [listener, { legacyWildcard: true, fullState: true, after: [cluster, endpoint], removeAfter: [] }],
    [route, { legacyWildcard: false, fullState: false, after: [cluster, endpoint], removeAfter: [listener] }],
  ]),
  otherTypes: { legacyWildcard: false, fullState: false, after: [], removeAfter: [] },
};
