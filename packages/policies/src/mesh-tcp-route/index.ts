import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshTcpRouteKind } from './kind.js';
import { meshTcpRoutePlugin } from './plugin.js';
import type { MeshTcpRouteSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshTcpRoute: PolicyDescriptor<MeshTcpRouteSpec> = definePolicy<MeshTcpRouteSpec>({
  ...meshTcpRouteKind,
  order: 200,
  plugin: meshTcpRoutePlugin,
});
