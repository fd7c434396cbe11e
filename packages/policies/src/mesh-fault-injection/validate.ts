import type { TargetRefKind, Violations } from '@mesh/core';
import { checkNotNegative, checkPercentage, checkRange } from '../sdk/fields.js';
import { checkFromOrRules, checkMatches } from '../sdk/inbound-rules.js';
import { topWithoutEffect } from '../sdk/no-effect.js';
import { checkTargetRef, mayChooseGateways, NOT_FOR_GATEWAYS, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { Fault, FaultConf, MeshFaultInjectionSpec } from './schema.js';

const FROM: readonly TargetRefKind[] = ['Mesh', 'MeshSubset', 'MeshService', 'MeshServiceSubset'];

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshFaultInjection(spec: MeshFaultInjectionSpec, violations: Violations): void {
  const inbounds = spec.from !== undefined || spec.rules !== undefined;
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS_WITH_GATEWAY, sectionName: inbounds }, violations.field('targetRef'));
  checkFromOrRules(spec, violations);
  const { from = [], to = [], rules = [] } = spec;
  const gateways = mayChooseGateways(spec.targetRef);
  if (gateways && from.length > 0) violations.field('from').add(NOT_FOR_GATEWAYS);
  if (!gateways && to.length > 0) violations.field('to').add('must not be defined');
  for (const [i, rule] of rules.entries()) {
    const at = violations.field('rules').index(i);
    checkMatches(rule.matches, at.field('matches'), { hollow: true });
    checkConf(rule.default, at.field('default'));
  }
  if (!gateways) {
    for (const [i, entry] of from.entries()) {
      const at = violations.field('from').index(i);
      checkTargetRef(entry.targetRef, { kinds: FROM }, at.field('targetRef'));
      checkConf(entry.default, at.field('default'));
    }
    return;
  }
  for (const [i, entry] of to.entries()) {
    const at = violations.field('to').index(i);
    checkTargetRef(entry.targetRef, { kinds: ['Mesh'] }, at.field('targetRef'));
    checkConf(entry.default, at.field('default'));
  }
}

/** What a user is told about an accepted document. */
export function meshFaultInjectionDeprecations(spec: MeshFaultInjectionSpec): string[] {
  const from = spec.from ? ["'from' field is deprecated, use 'rules' with SPIFFE-based 'matches' instead"] : [];
  const to = spec.to?.length ? ["spec.to: faults are for inbounds here, so entries of 'to' have no effect"] : [];
  const sni = (spec.rules ?? []).some(({ matches }) => matches?.some((match) => match.sni));
  const bySni = sni ? ['spec.rules: matches of an sni have no effect on faults'] : [];
  return [...topKindDeprecations(spec.targetRef), ...from, ...topWithoutEffect(spec.targetRef), ...to, ...bySni];
}

/** The index of a fault stands behind its kind on the wire. */
function checkConf({ http = [] }: FaultConf, at: Violations): void {
  for (const [i, fault] of http.entries()) {
    checkFault(fault, (kind) => at.field('http').field(kind).index(i));
  }
}

function checkFault({ abort, delay, responseBandwidth }: Fault, at: (kind: string) => Violations): void {
  if (abort) {
    checkRange(abort.httpStatus, [100, 599], at('abort').field('httpStatus'));
    checkPercentage(abort.percentage, at('abort').field('percentage'));
  }
  if (delay) {
    checkNotNegative(delay.value, at('delay').field('value'));
    checkPercentage(delay.percentage, at('delay').field('percentage'));
  }
  if (responseBandwidth) {
    if (!/^\d*\s?[GMk]+bps$/.test(responseBandwidth.limit)) at('responseBandwidth').field('limit').add('must be in kbps/Mbps/Gbps units');
    checkPercentage(responseBandwidth.percentage, at('responseBandwidth').field('percentage'));
  }
}
