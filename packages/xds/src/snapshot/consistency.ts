import type { Snapshot } from '@mesh/delta';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, SECRET_TYPE } from './encode.js';

/** Names a proxy's resources use of each other, gathered while they are built. */
export interface References {
  /** Clusters whose endpoints come over EDS. */
  readonly edsClusters: ReadonlySet<string>;
  /** Clusters that routes and proxies lead to. */
  readonly clusters: ReadonlySet<string>;
  /** Route configurations that listeners take over RDS. */
  readonly routes: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

/** What a build gives: a snapshot that holds together, or what is wrong with it (keep the last good one then). */
export type BuildResult = { readonly ok: true; readonly snapshot: Snapshot } | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Checks that every reference leads somewhere, as go-control-plane's `Snapshot.Consistent` does,
 * and that no load assignment is without its cluster, nor route configuration without a listener.
 */
export function checkConsistency(snapshot: Snapshot, references: References): string[] {
  const names = (type: string): ReadonlySet<string> => new Set(snapshot.get(type)?.resources.keys() ?? []);
  const assignments = names(ENDPOINT_TYPE);
  const routes = names(ROUTE_TYPE);
  return [
    ...missing(references.clusters, names(CLUSTER_TYPE)).map((name) => `cluster "${name}" is used but missing`),
    ...missing(references.edsClusters, assignments).map((name) => `cluster "${name}" has no endpoints resource`),
    ...missing(assignments, references.edsClusters).map((name) => `endpoints "${name}" belong to no cluster`),
    ...missing(references.routes, routes).map((name) => `routes "${name}" are used but missing`),
    ...missing(routes, references.routes).map((name) => `routes "${name}" belong to no listener`),
    ...missing(references.secrets, names(SECRET_TYPE)).map((name) => `secret "${name}" is used but missing`),
    ...(names(LISTENER_TYPE).has('') ? ['a listener has no name'] : []),
  ];
}

function missing(wanted: ReadonlySet<string>, present: ReadonlySet<string>): string[] {
  return [...wanted].filter((name) => !present.has(name));
}
