import type { Change, PlannedChange, Resource } from '@mesh/core';
import type { ChangeLogEntity, ResourceEntity } from './entities.js';

/** A row of `resources` as a resource. */
export function resourceOfRow(row: ResourceEntity): Resource {
  const { owner_kind: kind, owner_mesh: mesh, owner_name: name } = row;
  return {
    kind: row.kind,
    meta: {
      mesh: row.mesh,
      name: row.name,
      labels: row.labels,
      creationTime: row.creation_time.toISOString(),
      modificationTime: row.modification_time.toISOString(),
      version: Number(row.version),
      ...(kind !== null && mesh !== null && name !== null ? { owner: { kind, mesh, name } } : {}),
    },
    spec: row.spec,
    ...(row.status === null ? {} : { status: row.status }),
  };
}

/** The columns of a resource, as JSON for `jsonb_to_recordset`. */
export function rowOfResource(resource: Resource): object {
  const { meta } = resource;
  return {
    kind: resource.kind,
    mesh: meta.mesh,
    name: meta.name,
    labels: meta.labels,
    spec: resource.spec,
    status: resource.status,
    version: meta.version,
    creation_time: meta.creationTime,
    modification_time: meta.modificationTime,
    owner_kind: meta.owner?.kind,
    owner_mesh: meta.owner?.mesh,
    owner_name: meta.owner?.name,
  };
}

/** A row of `change_log` as a change. */
export function changeOfRow(row: ChangeLogEntity): Change {
  return {
    revision: Number(row.revision),
    op: row.op,
    key: { kind: row.kind, mesh: row.mesh, name: row.name },
    author: row.author,
    time: row.time.toISOString(),
    ...(row.resource === null ? {} : { resource: row.resource as unknown as Resource }),
  };
}

/** Numbers planned changes from `revision + 1` on. */
export function numberChanges(planned: readonly PlannedChange[], stamp: { revision: number; author: string; time: string }): Change[] {
  return planned.map(({ key, after }, i) => ({
    revision: stamp.revision + i + 1,
    op: after ? 'put' : 'delete',
    key,
    author: stamp.author,
    time: stamp.time,
    ...(after ? { resource: after } : {}),
  }));
}
