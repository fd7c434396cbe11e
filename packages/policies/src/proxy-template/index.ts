import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { proxyTemplateKind } from './kind.js';
import type { ProxyTemplateSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const proxyTemplate: PolicyDescriptor<ProxyTemplateSpec> = definePolicy<ProxyTemplateSpec>({
  ...proxyTemplateKind,
  order: 9900,
});
