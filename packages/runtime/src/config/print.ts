import type { JsonObject } from '@mesh/core';
import { configFields, type KumaConfig } from './schema.js';
import { type Draft, getAt, setAt } from './tree.js';

/** Configuration as JSON in Kuma's shape: durations as text, secrets as `*****`. */
export function configToJson(config: KumaConfig): JsonObject {
  const root: Draft = {};
  for (const { path, field } of configFields) setAt(root, path, field.print(getAt(config, path)));
  return JSON.parse(JSON.stringify(root)) as JsonObject;
}

/** Text of `--print-config`, `/config` and the KDS metadata: one line of JSON unless `indent` is given. */
export function printConfig(config: KumaConfig, indent = 0): string {
  return JSON.stringify(configToJson(config), null, indent);
}
