import { isDns1123Subdomain, type TargetRefKind, type Violations } from '@mesh/core';
import { checkBackendRef } from '../sdk/backend-ref.js';
import { backendsWithoutEffect, topWithoutEffect, toWithoutEffect } from '../sdk/no-effect.js';
import { checkTargetRef, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { MeshHttpRouteSpec, PathRewriteSpec, RouteFilter, RouteMatch, RouteRule } from './schema.js';

const TO: readonly TargetRefKind[] = ['MeshService', 'MeshExternalService', 'MeshMultiZoneService'];
const HEADERS_MAX = 16;

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshHttpRoute(spec: MeshHttpRouteSpec, violations: Violations): void {
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS_WITH_GATEWAY }, violations.field('targetRef'));
  const gateway = spec.targetRef?.kind === 'MeshGateway';
  const to = spec.to ?? [];
  if (to.length === 0) violations.field('to').add('must not be empty');
  for (const [i, entry] of to.entries()) {
    const at = violations.field('to').index(i);
    checkTargetRef(entry.targetRef, { kinds: gateway ? ['Mesh'] : TO }, at.field('targetRef'));
    if (!gateway && (entry.hostnames ?? []).length > 0) at.field('hostnames').add('must not be set');
    for (const [j, rule] of (entry.rules ?? []).entries()) checkRule(rule, at.field('rules').index(j));
  }
}

/** What a user is told about an accepted document. */
export function meshHttpRouteDeprecations(spec: MeshHttpRouteSpec): string[] {
  const backends = (spec.to ?? []).flatMap((entry, i) =>
    (entry.rules ?? []).flatMap((rule, j) => {
      const path = `spec.to[${i}].rules[${j}].default`;
      const { backendRefs = [], filters = [] } = rule.default;
      const mirrored = filters.map((filter, k) => ({
        path: `${path}.filters[${k}].requestMirror.backendRef`,
        ref: filter.requestMirror?.backendRef,
      }));
      return [...backendRefs.map((ref, k) => ({ path: `${path}.backendRefs[${k}]`, ref })), ...mirrored];
    }),
  );
  return [
    ...topKindDeprecations(spec.targetRef),
    ...topWithoutEffect(spec.targetRef),
    ...toWithoutEffect(spec.to),
    ...backendsWithoutEffect(backends.flatMap(({ path, ref }) => (ref ? [{ path, ref }] : []))),
  ];
}

function checkRule(rule: RouteRule, at: Violations): void {
  if (rule.matches.length === 0) at.field('matches').add('must not be empty');
  for (const [i, match] of rule.matches.entries()) checkMatch(match, at.field('matches').index(i));
  const onlyPrefixes = rule.matches.every((match) => match.path?.type === 'PathPrefix');
  for (const [i, filter] of (rule.default.filters ?? []).entries()) {
    checkFilter(filter, at.field('default').field('filters').index(i), onlyPrefixes);
  }
  for (const [i, ref] of (rule.default.backendRefs ?? []).entries())
    checkBackendRef(ref, at.field('default').field('backendRefs').index(i));
}

function checkMatch(match: RouteMatch, at: Violations): void {
  if (match.path) checkPath(match.path, at.field('path').field('value'));
  const names = new Set<string>();
  for (const [i, param] of (match.queryParams ?? []).entries()) {
    const field = at.field('queryParams').index(i).field('name');
    if (names.has(param.name)) field.add('multiple entries for name');
    if (param.name === '') field.add('must not be empty');
    if (param.type === 'RegularExpression') checkRegex(param.value, at.field('queryParams').index(i).field('value'));
    names.add(param.name);
  }
  for (const [i, header] of (match.headers ?? []).entries()) {
    const field = at.field('headers').index(i);
    if (!/^[a-z0-9!#$%&'*+\-.^_`|~]+$/.test(header.name)) field.field('name').add('must be a lower-case header name');
    if (header.type === 'RegularExpression') checkRegex(header.value ?? '', field.field('value'));
  }
}

function checkPath(path: NonNullable<RouteMatch['path']>, at: Violations): void {
  if (path.type === 'RegularExpression') {
    if (path.value === '') at.add('must not be empty');
    checkRegex(path.value, at);
    return;
  }
  if (!path.value.startsWith('/')) at.add('must be an absolute path');
  if (path.type === 'PathPrefix' && path.value !== '/' && path.value.endsWith('/'))
    at.add('does not need a trailing slash because only a `/`-separated prefix or an entire path is matched');
}

/** JavaScript reads nearly what RE2 reads; look-around and references are all that Envoy would not take. */
function checkRegex(text: string, at: Violations): void {
  try {
    new RegExp(text.replace(/\(\?P</g, '(?<').replace(/^\(\?[imsU]+\)/, ''));
    if (/\(\?(?:[=!]|<[=!])|\\[1-9]/.test(text))
      at.add('must be a valid RE2 regular expression: look-around and references are not supported');
  } catch {
    at.add('must be a valid regular expression');
  }
}

const FILTER_FIELDS = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  RequestMirror: 'requestMirror',
} as const;

function checkFilter(filter: RouteFilter, at: Violations, onlyPrefixes: boolean): void {
  const name = FILTER_FIELDS[filter.type];
  const field = at.field(name);
  if (filter[name] === undefined) {
    field.add('must be defined');
    return;
  }
  const modifier =
    filter.type === 'RequestHeaderModifier'
      ? filter.requestHeaderModifier
      : filter.type === 'ResponseHeaderModifier'
        ? filter.responseHeaderModifier
        : undefined;
  if (modifier) checkModifier(modifier, field);
  if (filter.type === 'RequestRedirect') {
    checkHostname(filter.requestRedirect?.hostname, field.field('hostname'));
    checkRewrite(filter.requestRedirect?.path, field.field('path'), onlyPrefixes);
  }
  if (filter.type === 'URLRewrite') {
    checkHostname(filter.urlRewrite?.hostname, field.field('hostname'));
    checkRewrite(filter.urlRewrite?.path, field.field('path'), onlyPrefixes);
    if (filter.urlRewrite?.hostToBackendHostname) field.field('hostToBackendHostname').add('can only be set with MeshGateway');
  }
  if (filter.type === 'RequestMirror' && filter.requestMirror) {
    checkBackendRef(filter.requestMirror.backendRef, field.field('backendRef'), true);
    const percentage = Number(filter.requestMirror.percentage ?? 100);
    if (!(percentage >= 0 && percentage <= 100)) field.field('percentage').add('must be in inclusive range [0.0, 100.0]');
  }
}

function checkModifier(modifier: NonNullable<RouteFilter['requestHeaderModifier']>, at: Violations): void {
  for (const list of ['set', 'add', 'remove'] as const) {
    const names = (modifier[list] ?? []).map((item) => (typeof item === 'string' ? item : item.name));
    if (names.length > HEADERS_MAX) at.field(list).add(`must have at most ${HEADERS_MAX} elements`);
    for (const [i, name] of names.entries()) {
      if (name === '') at.field(list).index(i).add('must not be empty');
      if (names.indexOf(name) !== i) at.field(list).index(i).add('duplicate header name');
    }
  }
  const { set = [], add = [], remove = [] } = modifier;
  if (set.length + add.length + remove.length === 0) at.add('must have at least one defined: set, add, remove');
}

function checkHostname(hostname: string | undefined, at: Violations): void {
  if (hostname !== undefined && !isDns1123Subdomain(hostname)) at.add('must be a valid hostname');
}

function checkRewrite(path: PathRewriteSpec | undefined, at: Violations, onlyPrefixes: boolean): void {
  if (path?.type === 'ReplaceFullPath' && path.replaceFullPath === undefined) at.field('replaceFullPath').add('must be defined');
  if (path?.type !== 'ReplacePrefixMatch') return;
  if (path.replacePrefixMatch === undefined) at.field('replacePrefixMatch').add('must be defined');
  if (!onlyPrefixes) at.field('type').add('can only be ReplacePrefixMatch if all matches match PathPrefix');
}
