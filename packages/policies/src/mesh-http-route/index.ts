import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { meshHttpRouteKind } from './kind.js';
import { meshHttpRoutePlugin } from './plugin.js';
import type { MeshHttpRouteSpec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const meshHttpRoute: PolicyDescriptor<MeshHttpRouteSpec> = definePolicy<MeshHttpRouteSpec>({
  ...meshHttpRouteKind,
  order: 100,
  plugin: meshHttpRoutePlugin,
});
