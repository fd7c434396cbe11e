import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type ProxyTemplateSpec, proxyTemplateSchema } from './schema.js';
import { validateProxyTemplate } from './validate.js';

/** Changes to the configuration of Envoy, by tags; the form before MeshProxyPatch. */
export const proxyTemplateKind: ResourceDescriptor<ProxyTemplateSpec> = defineKind<ProxyTemplateSpec>({
  kind: 'ProxyTemplate',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.ProxyTemplate' },
  path: 'proxytemplates',
  cli: { singular: 'proxytemplate', plural: 'proxytemplates' },
  displayName: { singular: 'Proxy Template', plural: 'Proxy Templates' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false, inspectable: true },
  schema: proxyTemplateSchema,
  normalize: normalizeLegacyPolicy,
  validate: validateProxyTemplate,
  deprecations: () => [kindWithoutEffect('ProxyTemplate')],
});
