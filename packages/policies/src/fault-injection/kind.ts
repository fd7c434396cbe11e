import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type FaultInjectionSpec, faultInjectionSchema } from './schema.js';
import { validateFaultInjection } from './validate.js';

/** Faults that callers get on purpose, by tags; the form before MeshFaultInjection. */
export const faultInjectionKind: ResourceDescriptor<FaultInjectionSpec> = defineKind<FaultInjectionSpec>({
  kind: 'FaultInjection',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.FaultInjection' },
  path: 'fault-injections',
  cli: { singular: 'fault-injection', plural: 'fault-injections' },
  displayName: { singular: 'Fault Injection', plural: 'Fault Injections' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false, inspectable: true },
  schema: faultInjectionSchema,
  normalize: normalizeLegacyPolicy,
  validate: validateFaultInjection,
});
