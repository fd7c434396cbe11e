import { defineKind, LABEL_PROXY_TYPE, type ResourceDescriptor } from '@mesh/core';
import { formatTags, tagSetsOf } from '../columns.js';
import type { DataplaneSpec } from '../specs/index.js';
import { normalizeDataplane } from './normalize.js';
import { dataplaneSchema } from './schema.js';
import { validateDataplane } from './validate.js';

/** A sidecar or gateway proxy of a mesh. */
export const dataplane: ResourceDescriptor<DataplaneSpec> = defineKind<DataplaneSpec>({
  kind: 'Dataplane',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.Dataplane' },
  path: 'dataplanes',
  cli: { singular: 'dataplane', plural: 'dataplanes' },
  shortName: 'dp',
  displayName: { singular: 'Dataplane', plural: 'Dataplanes' },
  write: { global: false, federatedZone: true },
  kds: { globalToZone: false, zoneToGlobal: true },
  insightKind: 'DataplaneInsight',
  overviewAliases: ['dataplanes+insights'],
  isProxy: true,
  schema: dataplaneSchema,
  normalize: normalizeDataplane,
  validate: validateDataplane,
  computedLabels: labelsOfDataplane,
  columns: [
    { header: 'TAGS', value: ({ spec }) => formatTags(tagSetsOf(spec)) },
    { header: 'ADDRESS', value: ({ spec }) => spec.networking?.advertisedAddress || spec.networking?.address || '' },
  ],
});

function labelsOfDataplane(spec: DataplaneSpec): Record<string, string> {
  const labels: Record<string, string> = { [LABEL_PROXY_TYPE]: spec.networking?.gateway?.type === 'BUILTIN' ? 'gateway' : 'sidecar' };
  for (const { type } of spec.networking?.listeners ?? []) {
    if (type === 'ZoneIngress') labels['kuma.io/listener-zoneingress'] = 'enabled';
    if (type === 'ZoneEgress') labels['kuma.io/listener-zoneegress'] = 'enabled';
  }
  return labels;
}
