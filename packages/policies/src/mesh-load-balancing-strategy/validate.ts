import type { TargetRef, TargetRefKind, Violations } from '@mesh/core';
import { checkCount, checkPercentage, numberOf } from '../sdk/fields.js';
import { topWithoutEffect, toWithoutEffect } from '../sdk/no-effect.js';
import { checkTargetRef, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { BalancerConf, BalancingConf, Failover, HashPolicyConf, LocalityConf, MeshLoadBalancingStrategySpec } from './schema.js';

const TO: readonly TargetRefKind[] = ['Mesh', 'MeshService', 'MeshMultiZoneService', 'MeshHTTPRoute'];
const TO_FROM_GATEWAY: readonly TargetRefKind[] = ['Mesh', 'MeshService', 'MeshMultiZoneService'];

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshLoadBalancingStrategy(spec: MeshLoadBalancingStrategySpec, violations: Violations): void {
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS_WITH_GATEWAY }, violations.field('targetRef'));
  const gateway = spec.targetRef?.kind === 'MeshGateway';
  for (const [i, entry] of (spec.to ?? []).entries()) {
    const at = violations.field('to').index(i);
    checkTo(entry, gateway, at.field('targetRef'));
    checkConf(entry.default, entry.targetRef, at.field('default'));
  }
}

/** What a user is told about an accepted document. */
export function meshLoadBalancingStrategyDeprecations(spec: MeshLoadBalancingStrategySpec): string[] {
  const moved = (spec.to ?? []).flatMap(({ default: conf }, i) =>
    (['ringHash', 'maglev'] as const).flatMap((name) => {
      const at = `spec.to[${i}].default`;
      if (!conf.loadBalancer?.[name]?.hashPolicies) return [];
      return [`configuration '${at}.loadBalancer.${name}.hashPolicies' is deprecated, use '${at}.hashPolicies' instead`];
    }),
  );
  const locality = (spec.to ?? []).flatMap(({ default: conf }, i) => {
    if (!conf.localityAwareness) return [];
    return [`spec.to[${i}].default.localityAwareness: has no effect yet, zones are preferred as the mesh says`];
  });
  const without = [...topWithoutEffect(spec.targetRef), ...toWithoutEffect(spec.to), ...locality];
  return [...topKindDeprecations(spec.targetRef), ...moved, ...without];
}

function checkTo({ targetRef, default: conf }: { targetRef: TargetRef; default: BalancingConf }, gateway: boolean, at: Violations): void {
  if (gateway && conf.loadBalancer) {
    if (targetRef.kind !== 'Mesh')
      at.field('kind').add("value 'MeshGateway' is not supported, only Mesh is allowed if loadBalancer is set");
    return;
  }
  checkTargetRef(targetRef, { kinds: gateway ? TO_FROM_GATEWAY : TO }, at);
}

function checkConf(conf: BalancingConf, target: TargetRef, at: Violations): void {
  if (target.kind === 'MeshHTTPRoute') {
    const message = 'field is not allowed when targetRef.kind is MeshHTTPRoute, only hashPolicies is supported';
    if (conf.loadBalancer) at.field('loadBalancer').add(message);
    if (conf.localityAwareness) at.field('localityAwareness').add(message);
    checkHashPolicies(conf.hashPolicies, at.field('hashPolicies'));
    return;
  }
  if (conf.localityAwareness) checkLocality(conf.localityAwareness, target, at.field('localityAwareness'));
  if (conf.loadBalancer) checkBalancer(conf.loadBalancer, at.field('loadBalancer'));
  checkHashPolicies(conf.hashPolicies, at.field('hashPolicies'));
  for (const name of ['ringHash', 'maglev'] as const) {
    if (conf.hashPolicies && conf.loadBalancer?.[name]?.hashPolicies)
      at.field('loadBalancer').field(name).field('hashPolicies').add('hashPolicies already specified in the root level');
  }
}

function checkBalancer({ leastRequest, ringHash, maglev }: BalancerConf, at: Violations): void {
  const bias = leastRequest?.activeRequestBias;
  if (bias !== undefined) {
    const value = numberOf(bias);
    const field = at.field('leastRequest').field('activeRequestBias');
    if (value === undefined) field.add('string must be a valid number');
    else if (value < 0) field.add('must be greater or equal then: 0');
  }
  checkHashPolicies(ringHash?.hashPolicies, at.field('ringHash').field('hashPolicies'));
  checkHashPolicies(maglev?.hashPolicies, at.field('maglev').field('hashPolicies'));
}

/** The field that a type of hash policy is configured by. */
const HASH_FIELDS = {
  Header: 'header',
  Cookie: 'cookie',
  Connection: 'connection',
  SourceIP: 'connection',
  QueryParameter: 'queryParameter',
  FilterState: 'filterState',
} as const;

function checkHashPolicies(policies: readonly HashPolicyConf[] | undefined, at: Violations): void {
  for (const [i, policy] of (policies ?? []).entries()) {
    const field = HASH_FIELDS[policy.type];
    if (policy[field] === undefined) at.index(i).field(field).add('must be defined');
    const path = policy.type === 'Cookie' ? policy.cookie?.path : undefined;
    if (path !== undefined && !path.startsWith('/')) at.index(i).field('cookie').field('path').add('must be an absolute path');
  }
}

function checkLocality({ localZone, crossZone }: LocalityConf, target: TargetRef, at: Violations): void {
  if (localZone?.affinityTags) checkAffinity(localZone.affinityTags, at.field('localZone').field('affinityTags'));
  if (!crossZone) return;
  const cross = at.field('crossZone');
  if (target.kind === 'MeshService' && (target.sectionName || target.labels)) {
    cross.add('must not be set: MeshService traffic is local');
    return;
  }
  for (const [i, failover] of (crossZone.failover ?? []).entries()) checkFailover(failover, cross.field('failover').index(i));
  const threshold = crossZone.failoverThreshold?.percentage;
  const field = cross.field('failoverThreshold').field('percentage');
  checkPercentage(threshold, field);
  if (numberOf(threshold) === 0) field.add('must be greater than 0');
}

function checkAffinity(tags: readonly { readonly key: string; readonly weight?: number | undefined }[], at: Violations): void {
  for (const [i, { key, weight }] of tags.entries()) {
    if (key === '') at.index(i).field('key').add('must not be empty');
    checkCount(weight, at.index(i).field('weight'));
  }
  const weighted = tags.filter(({ weight }) => weight !== undefined).length;
  if (weighted > 0 && weighted < tags.length) at.add('all or none affinity tags should have weight');
}

function checkFailover({ from, to }: Failover, at: Violations): void {
  const own = at.field('from').field('zones');
  if (from?.zones.length === 0) own.add('must not be empty');
  for (const [i, zone] of (from?.zones ?? []).entries()) if (zone === '') own.index(i).add('must not be empty');
  const zones = at.field('to').field('zones');
  const named = (to.zones ?? []).length > 0;
  if ((to.type === 'Only' || to.type === 'AnyExcept') && !named) zones.add(`must not be empty when type is ${to.type}`);
  if ((to.type === 'None' || to.type === 'Any') && named) zones.add(`must be empty when type is ${to.type}`);
  for (const [i, zone] of (to.zones ?? []).entries()) if (zone === '') zones.index(i).add('must not be empty');
}
