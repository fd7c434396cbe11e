import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { noEffectYet } from '../plugin/index.js';
import { type MeshOpenTelemetryBackendSpec, meshOpenTelemetryBackendSchema } from './schema.js';
import { validateMeshOpenTelemetryBackend } from './validate.js';

/** A collector that policies send logs, traces and metrics to. */
export const meshOpenTelemetryBackend: ResourceDescriptor<MeshOpenTelemetryBackendSpec> = defineKind<MeshOpenTelemetryBackendSpec>({
  kind: 'MeshOpenTelemetryBackend',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshopentelemetrybackends',
  cli: { singular: 'meshopentelemetrybackend', plural: 'meshopentelemetrybackends' },
  shortName: 'motb',
  displayName: { singular: 'Mesh OpenTelemetry Backend', plural: 'Mesh OpenTelemetry Backends' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true },
  hasStatus: true,
  schema: meshOpenTelemetryBackendSchema,
  validate: validateMeshOpenTelemetryBackend,
  deprecations: () => [noEffectYet('MeshOpenTelemetryBackend')],
});
