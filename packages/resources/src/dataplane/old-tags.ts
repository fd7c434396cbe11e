import { type JsonObject, TAG_PROTOCOL, TAG_SERVICE } from '@mesh/core';
import { isObject } from '../proto-json/index.js';

/**
 * Renames the tags `service` and `protocol` of Kuma 0.x in `holder.tags`. Only a tag set without
 * `kuma.io/service` is old: elsewhere `service` and `protocol` are tags of the user's own.
 */
export function renameOldTags(holder: JsonObject, path: string, warnings: string[]): JsonObject {
  const { tags } = holder;
  if (!isObject(tags) || tags.service === undefined || tags[TAG_SERVICE] !== undefined) return holder;
  const { service, protocol, ...rest } = tags;
  warnings.push(`${path}.tags: the tag "service" is an old form, write "${TAG_SERVICE}" instead`);
  const renamed: JsonObject = { [TAG_SERVICE]: service ?? null, ...rest };
  if (protocol !== undefined) {
    warnings.push(`${path}.tags: the tag "protocol" is an old form, write "${TAG_PROTOCOL}" instead`);
    renamed[TAG_PROTOCOL] ??= protocol;
  }
  return { ...holder, tags: renamed };
}
