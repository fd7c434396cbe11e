import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { virtualOutboundKind } from './kind.js';
import type { VirtualOutboundSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const virtualOutbound: PolicyDescriptor<VirtualOutboundSpec> = definePolicy<VirtualOutboundSpec>({
  ...virtualOutboundKind,
  order: 10,
});
