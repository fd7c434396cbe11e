import type { Violations } from '@mesh/core';
import { checkEnvoyValue, type EnvoyMessage } from '../sdk/envoy-value.js';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { checkTargetRef, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { JsonPatch, MeshProxyPatchSpec, ProxyModification } from './schema.js';

const TYPES = ['cluster', 'listener', 'networkFilter', 'httpFilter', 'virtualHost'] as const;
type Type = (typeof TYPES)[number];

const MESSAGES: Readonly<Record<Type, EnvoyMessage>> = {
  cluster: 'Cluster',
  listener: 'Listener',
  networkFilter: 'Filter',
  httpFilter: 'HttpFilter',
  virtualHost: 'VirtualHost',
};

/** What the checks of all types of modification look at. */
interface Change {
  readonly operation: string;
  readonly match?: { readonly name?: string | undefined } | undefined;
  readonly value?: string | undefined;
  readonly jsonPatches?: readonly JsonPatch[] | undefined;
}

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshProxyPatch(spec: MeshProxyPatchSpec, violations: Violations): void {
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS_WITH_GATEWAY, gatewayTags: false }, violations.field('targetRef'));
  const list = violations.field('default').field('appendModifications');
  const modifications = spec.default.appendModifications ?? [];
  if (modifications.length === 0) list.add('must not be empty');
  for (const [i, modification] of modifications.entries()) checkModification(modification, list.index(i));
}

/** What a user is told about an accepted document. */
export function meshProxyPatchDeprecations(spec: MeshProxyPatchSpec): string[] {
  return [...topKindDeprecations(spec.targetRef), kindWithoutEffect('MeshProxyPatch')];
}

function checkModification(modification: ProxyModification, at: Violations): void {
  const given = TYPES.filter((type) => modification[type] !== undefined);
  const [type] = given;
  if (given.length !== 1 || type === undefined) {
    at.add(`exactly one modification can be defined at a time. Currently, ${given.length} modifications are defined`);
    return;
  }
  const change: Change | undefined = modification[type];
  if (!change) return;
  checkPlace(type, change, at.field(type).field('match'));
  checkChange(type, change, at.field(type));
}

/** What is added has no place of its own, or needs a neighbour. */
function checkPlace(type: Type, { operation, match }: Change, at: Violations): void {
  if (type === 'virtualHost') {
    if (operation === 'Add' && match?.name) at.field('name').add('must not be defined');
    return;
  }
  if (type === 'cluster' || type === 'listener') {
    if (operation === 'Add' && match) at.add('must not be defined');
    return;
  }
  if (match?.name) return;
  if (operation === 'AddBefore') at.field('name').add('must be defined. You need to pick a filter before which this one will be added');
  if (operation === 'AddAfter') at.field('name').add('must be defined. You need to pick a filter after which this one will be added');
  if (operation === 'Patch') at.field('name').add('must be defined');
}

function checkChange(type: Type, { operation, value, jsonPatches }: Change, at: Violations): void {
  if (operation === 'Remove') {
    if (value !== undefined) at.field('value').add('must not be defined');
    return;
  }
  if (operation !== 'Patch') {
    if (value === undefined) at.field('value').add('must be defined');
    else checkEnvoyValue(value, { message: MESSAGES[type], whole: true }, at.field('value'));
    return;
  }
  if (value === undefined && jsonPatches === undefined) at.add(`${type} must have exactly one defined: value, jsonPatches`);
  if (value !== undefined && jsonPatches !== undefined) at.add(`${type} must have only one type defined: value, jsonPatches`);
  else if (value !== undefined) checkEnvoyValue(value, { message: MESSAGES[type], whole: false }, at.field('value'));
  for (const [i, patch] of (jsonPatches ?? []).entries()) checkJsonPatch(patch, at.field('jsonPatches').index(i));
}

function checkJsonPatch({ op, value, from }: JsonPatch, at: Violations): void {
  const moves = op === 'move' || op === 'copy';
  if (moves && !from) at.field('from').add('"from" must not be empty when "op" is one of ["move", "copy"]');
  if (!moves && from) at.field('from').add('"from" is allowed only when "op" is one of ["move", "copy"]');
  const sets = op === 'add' || op === 'replace';
  if (sets && value === undefined) at.field('value').add('"value" must not be empty when "op" is one of ["add", "replace"]');
  if (!sets && value !== undefined) at.field('value').add('"value" is allowed only when "op" is one of ["add", "replace"]');
}
