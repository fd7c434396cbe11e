import { type AnyDescriptor, DescriptorRegistry, defineKind } from '@mesh/core';
import { coreKinds } from '@mesh/resources';
import { z } from 'zod';

/** A plugin policy that takes any spec. */
export const testPolicy: AnyDescriptor = defineKind({
  kind: 'MeshTest',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshtests',
  displayName: { singular: 'Mesh Test', plural: 'Mesh Tests' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true },
  schema: z.looseObject({}),
  validate: (spec, violations) => {
    if (spec.bad !== undefined) violations.field('bad').add('must not be set');
  },
});

export const testRegistry = new DescriptorRegistry([...coreKinds, testPolicy]);

export function kindOf(kind: string): AnyDescriptor {
  return testRegistry.mustGet(kind);
}
