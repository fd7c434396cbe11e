import type { Resource, ResourceKey, ResourceStore, Violations } from '@mesh/core';
import type { MeshSpec, ZoneInsightSpec } from '../specs/index.js';
import { checkMeshUnused, secretsOfMesh } from './mesh-rules.js';

/** Reports what still uses a resource that is to be deleted (contract/rest-api.md §2.4). */
export async function checkUnused(key: ResourceKey, store: ResourceStore, violations: Violations): Promise<void> {
  if (key.kind === 'Mesh') await checkMeshUnused(key.name, store, violations);
  if (key.kind === 'Zone') await checkZoneOffline(key.name, store, violations);
  if (key.kind === 'Secret') await checkSecretUnused(key, store, violations);
}

async function checkZoneOffline(name: string, store: ResourceStore, violations: Violations): Promise<void> {
  const insight = (await store.get({ kind: 'ZoneInsight', mesh: '', name })) as Resource<ZoneInsightSpec> | undefined;
  if (insight?.spec.subscriptions?.some(({ connectTime, disconnectTime }) => connectTime && !disconnectTime)) {
    violations.field('zone').add('unable to delete Zone, Zone CP is still connected, please shut it down first');
  }
}

async function checkSecretUnused({ mesh, name }: ResourceKey, store: ResourceStore, violations: Violations): Promise<void> {
  const owner = (await store.get({ kind: 'Mesh', mesh: '', name: mesh })) as Resource<MeshSpec> | undefined;
  const backend = owner && secretsOfMesh(mesh, owner.spec).get(name);
  if (backend === undefined) return;
  violations
    .field('name')
    .add(`the secret "${name}" is in use by the mTLS backend "${backend}" of mesh "${mesh}": remove it from the backend first`);
}
