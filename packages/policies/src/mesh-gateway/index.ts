import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshGatewayKind } from './kind.js';
import type { MeshGatewaySpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshGateway: PolicyDescriptor<MeshGatewaySpec> = definePolicy<MeshGatewaySpec>({
  ...meshGatewayKind,
  order: 20,
});
