import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { HeaderMatcher } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { HTTPFaultSchema } from '@mesh/proto/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import { FractionalPercent_DenominatorType, type FractionalPercentSchema } from '@mesh/proto/envoy/type/v3/percent_pb.js';
import { durationOf, type HttpTerminal, type NamedConfig, named } from '@mesh/xds';

const FAULT_FILTER = 'envoy.filters.http.fault';
const KBPS: Readonly<Record<string, bigint>> = { k: 1n, M: 1_000n, G: 1_000_000n };

/** What happens to a share of requests; percentages are from 0 to 100. */
export interface FaultSettings {
  readonly abort?: { readonly httpStatus: number; readonly percentage: number } | undefined;
  readonly delay?: { readonly ms: number; readonly percentage: number } | undefined;
  /** `limit` such as `50 kbps`. */
  readonly responseBandwidth?: { readonly limit: string; readonly percentage: number } | undefined;
}

/** Faults, and headers that a request must have to meet them. */
export interface Faults {
  readonly faults: readonly FaultSettings[];
  readonly headers: readonly HeaderMatcher[];
}

/** Puts faults in front of the router, in this order; where another policy has put some, they stay alone. */
export function addFaults({ filters }: HttpTerminal, list: readonly Faults[]): void {
  if (filters.some(({ name }) => name === FAULT_FILTER)) return;
  const made = list.flatMap(({ faults, headers }) => faults.map((fault) => faultFilter(fault, headers)));
  filters.splice(filters.length - 1, 0, ...made);
}

function faultFilter({ abort, delay, responseBandwidth }: FaultSettings, headers: readonly HeaderMatcher[]): NamedConfig {
  const filter = create(HTTPFaultSchema, {
    headers: [...headers],
    ...(delay
      ? { delay: { faultDelaySecifier: { case: 'fixedDelay', value: durationOf(delay.ms) }, percentage: percentOf(delay.percentage) } }
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
  return named(FAULT_FILTER, HTTPFaultSchema, filter);
}

/** In hundredths, or as fine as Envoy knows where that is not enough. */
function percentOf(value: number): MessageInitShape<typeof FractionalPercentSchema> {
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
