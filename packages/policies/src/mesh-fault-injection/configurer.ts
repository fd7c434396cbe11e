import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type HeaderMatcher, HeaderMatcherSchema } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { HTTPFaultSchema } from '@mesh/proto/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import { FractionalPercent_DenominatorType, type FractionalPercentSchema } from '@mesh/proto/envoy/type/v3/percent_pb.js';
import type { Tags } from '@mesh/resources';
import { durationOf, type HttpTerminal, named } from '@mesh/xds';
import { msOf, numberOf } from '../sdk/fields.js';
import { TAGS_HEADER, tagsPattern } from '../sdk/tags-header.js';
import type { Fault } from './schema.js';

const KBPS: Readonly<Record<string, bigint>> = { k: 1n, M: 1_000n, G: 1_000_000n };

/** Faults, and headers that a request must have to meet them. */
export interface Faults {
  readonly faults: readonly Fault[];
  readonly headers: readonly HeaderMatcher[];
}

/** Puts faults in front of the router, in this order. */
export function addFaults({ filters }: HttpTerminal, list: readonly Faults[]): void {
  const made = list.flatMap(({ faults, headers }) => faults.map((fault) => faultFilter(fault, headers)));
  filters.splice(filters.length - 1, 0, ...made);
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
    list.push({ faults, headers: [...matchers(tags), ...later.flatMap((other) => matchers(other, true))] });
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

function faultFilter({ abort, delay, responseBandwidth }: Fault, headers: readonly HeaderMatcher[]) {
  const filter = create(HTTPFaultSchema, {
    headers: [...headers],
    ...(delay
      ? {
          delay: {
            faultDelaySecifier: { case: 'fixedDelay', value: durationOf(msOf(delay.value) ?? 0) },
            percentage: percentOf(delay.percentage),
          },
        }
      : {}),
    ...(abort ? { abort: { errorType: { case: 'httpStatus', value: abort.httpStatus }, percentage: percentOf(abort.percentage) } } : {}),
    ...(responseBandwidth
      ? {
          responseRateLimit: {
            limitType: { case: 'fixedLimit', value: { limitKbps: kbpsOf(responseBandwidth.limit) } },
            percentage: percentOf(responseBandwidth.percentage),
          },
        }
      : {}),
  });
  return named('envoy.filters.http.fault', HTTPFaultSchema, filter);
}

/** In hundredths, or as fine as Envoy knows where that is not enough. */
function percentOf(percentage: number | string): MessageInitShape<typeof FractionalPercentSchema> {
  const value = numberOf(percentage) ?? 0;
  const { HUNDRED, TEN_THOUSAND, MILLION } = FractionalPercent_DenominatorType;
  if (Number.isInteger(value)) return { numerator: value, denominator: HUNDRED };
  const hundredths = Math.round(value * 100);
  if (Math.abs(hundredths - value * 100) < 1e-9) return { numerator: hundredths, denominator: TEN_THOUSAND };
  return { numerator: Math.round(value * 10_000), denominator: MILLION };
}

function kbpsOf(limit: string): bigint {
  const match = /^(\d*)\s?([GMk])/.exec(limit);
  const kbps = BigInt(match?.[1] || 0) * (KBPS[match?.[2] ?? 'k'] ?? 1n);
  // Envoy takes no less.
  return kbps > 0n ? kbps : 1n;
}
