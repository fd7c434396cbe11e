import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshGatewayRouteKind } from './kind.js';
import type { MeshGatewayRouteSpec } from './schema.js';

/** The kind with its place among the policies; it has no effect in Envoy yet. */
export const meshGatewayRoute: PolicyDescriptor<MeshGatewayRouteSpec> = definePolicy<MeshGatewayRouteSpec>({
  ...meshGatewayRouteKind,
  order: 30,
});
