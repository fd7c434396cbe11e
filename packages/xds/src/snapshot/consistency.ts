import type { Snapshot } from '@mesh/delta';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, SECRET_TYPE } from './encode.js';

/** Names a proxy's resources use of each other, gathered while they are built. */
export interface References {
  /** Clusters whose endpoints come over EDS. */
  readonly edsClusters: ReadonlySet<string>;
  /** Clusters that routes and proxies lead to. */
  readonly clusters: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

/** What a build gives: a snapshot that holds together, or what is wrong with it (keep the last good one then). */
export type BuildResult = { readonly ok: true; readonly snapshot: Snapshot } | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Checks that every reference leads somewhere, as go-control-plane's `Snapshot.Consistent` does,
 * and that no load assignment is without its cluster.
 */
export function checkConsistency(snapshot: Snapshot, references: References): string[] {
  const names = (type: string): ReadonlySet<string> => new Set(snapshot.get(type)?.resources.keys() ?? []);
  const clusters = names(CLUSTER_TYPE);
  const assignments = names(ENDPOINT_TYPE);
  const secrets = names(SECRET_TYPE);
  const problems: string[] = [];
  for (const name of references.clusters) if (!clusters.has(name)) problems.push(`cluster "${name}" is used but missing`);
  for (const name of references.edsClusters) if (!assignments.has(name)) problems.push(`cluster "${name}" has no endpoints resource`);
  for (const name of assignments) if (!references.edsClusters.has(name)) problems.push(`endpoints "${name}" belong to no cluster`);
  for (const name of references.secrets) if (!secrets.has(name)) problems.push(`secret "${name}" is used but missing`);
  for (const [name] of snapshot.get(LISTENER_TYPE)?.resources ?? []) if (name === '') problems.push('a listener has no name');
  return problems;
}
