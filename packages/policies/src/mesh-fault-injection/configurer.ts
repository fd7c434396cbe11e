import { create } from '@bufbuild/protobuf';
import { type HeaderMatcher, HeaderMatcherSchema } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import type { Tags } from '@mesh/resources';
import type { FaultSettings, Faults } from '../sdk/faults.js';
import { msOf, numberOf } from '../sdk/fields.js';
import { TAGS_HEADER, tagsPattern } from '../sdk/tags-header.js';
import type { Fault } from './schema.js';

/** Faults as they are written. */
export function settingsOf(faults: readonly Fault[] | undefined): FaultSettings[] {
  return (faults ?? []).map(({ abort, delay, responseBandwidth }) => ({
    abort: abort && { httpStatus: abort.httpStatus, percentage: numberOf(abort.percentage) ?? 0 },
    delay: delay && { ms: msOf(delay.value) ?? 0, percentage: numberOf(delay.percentage) ?? 0 },
    responseBandwidth: responseBandwidth && { limit: responseBandwidth.limit, percentage: numberOf(responseBandwidth.percentage) ?? 0 },
  }));
}

/**
 * Faults by the tags of callers: the last entry that a caller's tags match is the one for it, so
 * each asks for its own tags and that those of later ones are not all there.
 */
export function faultsByTags(entries: readonly { readonly tags: Tags; readonly faults: readonly Fault[] }[]): Faults[] {
  const list: Faults[] = [];
  const later: Tags[] = [];
  for (const { tags, faults } of [...entries].reverse()) {
    if (later.some((other) => Object.keys(other).length === 0)) break;
    list.push({ faults: settingsOf(faults), headers: [...matchers(tags), ...later.flatMap((other) => matchers(other, true))] });
    later.push(tags);
  }
  return list;
}

/** Callers that do not tell their tags have none. */
function matchers(tags: Tags, invertMatch = false): HeaderMatcher[] {
  if (Object.keys(tags).length === 0) return [];
  const value = { matchPattern: { case: 'safeRegex' as const, value: { regex: tagsPattern(tags) } } };
  const specifier = { case: 'stringMatch' as const, value };
  return [
    create(HeaderMatcherSchema, {
      name: TAGS_HEADER,
      invertMatch,
      treatMissingHeaderAsEmpty: invertMatch,
      headerMatchSpecifier: specifier,
    }),
  ];
}
