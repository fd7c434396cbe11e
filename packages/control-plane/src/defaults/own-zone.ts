import {
  type JsonObject,
  LABEL_ORIGIN,
  LABEL_ZONE,
  type Leadership,
  type Logger,
  type Mutation,
  ORIGIN_GLOBAL,
  type Resource,
} from '@mesh/core';
import { pinToZone } from '@mesh/kds';
import { CONTROL_PLANE_AUTHOR } from '../instance.js';
import type { OpenedControlPlane } from '../open-control-plane.js';

export interface OwnZoneOptions {
  /** Name of this zone. */
  readonly zone: string;
  readonly opened: OpenedControlPlane;
  readonly leadership: Leadership;
  readonly log: Logger;
}

/** Where a zone has another name than before: what it made goes to the new name, with labels and zone tags, and Zones of former names go. */
export async function leaveFormerNames({ zone, opened, leadership, log }: OwnZoneOptions): Promise<void> {
  const { store } = opened;
  const former = (await store.list({ kind: 'Zone' })).map(({ meta }) => meta.name).filter((name) => name !== zone);
  if (former.length === 0) return;
  const made = (await store.list({})).filter((resource) => isMadeIn(resource, former));
  const mutations: Mutation[] = made.map((resource) => renamed(resource as Resource<JsonObject>, zone));
  for (const name of former) mutations.push({ op: 'delete', key: { kind: 'Zone', mesh: '', name } });
  await store.transact(mutations, { author: CONTROL_PLANE_AUTHOR, fence: leadership.fence });
  log.info({ zone, former, resources: made.length }, 'the zone has another name: what it made goes with it');
}

function isMadeIn(resource: Resource, zones: readonly string[]): boolean {
  const { labels } = resource.meta;
  return labels[LABEL_ORIGIN] !== ORIGIN_GLOBAL && zones.includes(labels[LABEL_ZONE] ?? '');
}

function renamed({ kind, meta, spec, status }: Resource<JsonObject>, zone: string): Mutation {
  const { mesh, name, labels, owner, version } = meta;
  const draft = {
    ...{ kind, mesh, name, labels: { ...labels, [LABEL_ZONE]: zone }, spec: pinToZone(kind, spec, zone).spec },
    ...(status === undefined ? {} : { status }),
    ...(owner ? { owner } : {}),
  };
  return { op: 'update', draft, expectedVersion: version };
}
