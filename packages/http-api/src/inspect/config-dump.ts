import type { Json, JsonObject } from '@mesh/core';

/** Lists of a config dump that came over xDS, and where the resource stands in their elements. */
const DYNAMIC: readonly { readonly list: string; readonly path: readonly string[]; readonly nameField: string }[] = [
  { list: 'dynamic_listeners', path: ['active_state', 'listener'], nameField: 'name' },
  { list: 'dynamic_active_clusters', path: ['cluster'], nameField: 'name' },
  { list: 'dynamic_route_configs', path: ['route_config'], nameField: 'name' },
  { list: 'dynamic_endpoint_configs', path: ['endpoint_config'], nameField: 'cluster_name' },
];

/** The resources of an Envoy config dump that its control plane gave it, by type URL and name; secrets are left out. */
export function resourcesOfDump(dump: JsonObject): Record<string, JsonObject> {
  const types: Record<string, JsonObject> = {};
  for (const config of objects(dump.configs)) {
    for (const { list, path, nameField } of DYNAMIC) {
      for (const element of objects(config[list])) {
        const found = path.reduce<Json | undefined>((at, part) => (isObject(at) ? at[part] : undefined), element);
        if (!isObject(found)) continue;
        const { '@type': type, ...resource } = found;
        const name = resource[nameField];
        if (typeof type === 'string' && typeof name === 'string') types[type] = { ...types[type], [name]: resource };
      }
    }
  }
  return types;
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
