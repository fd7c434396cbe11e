import type { TargetRefKind, Violations } from '@mesh/core';
import { isPort, splitHostPort } from '@mesh/resources';
import { checkMatches, checkOnlyRules, checkSomeList } from '../sdk/inbound-rules.js';
import { topWithoutEffect, toWithoutEffect } from '../sdk/no-effect.js';
import { checkOtelTarget, OTEL_ENDPOINT_DEPRECATED } from '../sdk/otel.js';
import { checkTargetRef, FROM_DEPRECATED, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { AccessLogBackend, AccessLogConf, AccessLogFormat, MeshAccessLogSpec } from './schema.js';

const TO: readonly TargetRefKind[] = ['Mesh', 'MeshService', 'MeshExternalService', 'MeshMultiZoneService', 'MeshHTTPRoute'];

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshAccessLog(spec: MeshAccessLogSpec, violations: Violations): void {
  const inbounds = spec.from !== undefined || spec.rules !== undefined;
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS_WITH_GATEWAY, sectionName: inbounds }, violations.field('targetRef'));
  checkSomeList(spec, violations);
  checkOnlyRules(spec, violations);
  const gateway = spec.targetRef?.kind === 'MeshGateway';
  for (const [i, entry] of (spec.to ?? []).entries()) {
    const at = violations.field('to').index(i);
    checkTargetRef(entry.targetRef, { kinds: gateway ? ['Mesh'] : TO }, at.field('targetRef'));
    checkConf(entry.default, at.field('default'));
  }
  for (const [i, entry] of (spec.from ?? []).entries()) {
    const at = violations.field('from').index(i);
    checkTargetRef(entry.targetRef, { kinds: ['Mesh'] }, at.field('targetRef'));
    checkConf(entry.default, at.field('default'));
  }
  for (const [i, rule] of (spec.rules ?? []).entries()) {
    const at = violations.field('rules').index(i);
    checkMatches(rule.matches, at.field('matches'), { hollow: true });
    checkConf(rule.default, at.field('default'));
  }
}

/** What a user is told about an accepted document. */
export function meshAccessLogDeprecations(spec: MeshAccessLogSpec): string[] {
  const confs = [...(spec.to ?? []), ...(spec.from ?? []), ...(spec.rules ?? [])].map((entry) => entry.default);
  const endpoint = confs.some(({ backends = [] }) => backends.some((backend) => backend.openTelemetry?.endpoint));
  return [
    ...topKindDeprecations(spec.targetRef),
    ...(spec.from ? [FROM_DEPRECATED] : []),
    ...(endpoint ? [OTEL_ENDPOINT_DEPRECATED] : []),
    ...topWithoutEffect(spec.targetRef),
    ...toWithoutEffect(spec.to),
    ...withoutEffect(spec),
  ];
}

/** What of an accepted document writes no logs. */
function withoutEffect(spec: MeshAccessLogSpec): string[] {
  const backends = [...(spec.to ?? []), ...(spec.from ?? []), ...(spec.rules ?? [])].flatMap((entry) => entry.default.backends ?? []);
  const types = [...new Set(backends.map(({ type }) => type))].filter((type) => type !== 'File').sort();
  const routes = (spec.to ?? []).some(({ targetRef }) => targetRef.kind === 'MeshHTTPRoute');
  return [
    ...types.map((type) => `backends of type ${type} have no effect yet: nothing is written to them`),
    ...(routes ? ["entries of 'to' for a MeshHTTPRoute have no effect: use the destination of the route"] : []),
  ];
}

function checkConf({ backends }: AccessLogConf, at: Violations): void {
  if (!backends) at.field('backends').add('must be defined');
  for (const [i, backend] of (backends ?? []).entries()) checkBackend(backend, at.field('backends').index(i));
}

const FIELDS = { Tcp: 'tcp', File: 'file', OpenTelemetry: 'openTelemetry' } as const;

function checkBackend(backend: AccessLogBackend, at: Violations): void {
  const field = FIELDS[backend.type];
  const own = at.field(field);
  if (backend[field] === undefined) {
    own.add('must be defined');
    return;
  }
  const { tcp, file, openTelemetry } = backend;
  if (field === 'tcp' && tcp) {
    checkFormat(tcp.format, own.field('format'));
    if (!isAddress(tcp.address)) own.field('address').add('tcp backend requires valid address');
  } else if (field === 'file' && file) {
    checkFormat(file.format, own.field('format'));
    if (!file.path.startsWith('/')) own.field('path').add('file backend requires a valid path');
  } else if (openTelemetry) {
    checkOtelTarget(openTelemetry, own);
    for (const [i, { key }] of (openTelemetry.attributes ?? []).entries()) {
      if (key.startsWith('otel.'))
        own.field('attributes').index(i).field('key').add("must not use the reserved OpenTelemetry prefix 'otel.'");
    }
  }
}

function checkFormat(format: AccessLogFormat | undefined, at: Violations): void {
  if (!format) return;
  if (format.type === 'Plain') {
    if (format.plain === undefined) at.field('plain').add('must be defined');
    else if (format.plain === '') at.field('plain').add('must not be empty');
    return;
  }
  const json = at.field('json');
  if (format.json === undefined) json.add('must be defined');
  else if (format.json.length === 0) json.add('must not be empty');
  for (const [i, { key, value }] of (format.json ?? []).entries()) {
    if (key === '') json.index(i).field('key').add('key cannot be empty');
    if (value === '') json.index(i).field('value').add('value cannot be empty');
    if (!isJsonText(key) || !isJsonText(value)) json.index(i).add('is not a valid JSON object');
  }
}

/** True where a text may stand between quotes as it is. */
function isJsonText(text: string): boolean {
  try {
    return typeof JSON.parse(`"${text}"`) === 'string';
  } catch {
    return false;
  }
}

function isAddress(address: string): boolean {
  const parts = splitHostPort(address);
  return parts !== undefined && parts.host !== '' && /^\d{1,5}$/.test(parts.port) && isPort(Number(parts.port));
}
