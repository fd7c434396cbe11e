import type { Violations } from '@mesh/core';
import { numberOf } from '../sdk/fields.js';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { checkOtelTarget, OTEL_ENDPOINT_DEPRECATED } from '../sdk/otel.js';
import { checkTargetRef, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { MeshTraceSpec, TraceBackend, TraceConf } from './schema.js';

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshTrace(spec: MeshTraceSpec, violations: Violations): void {
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS_WITH_GATEWAY, gatewayTags: false }, violations.field('targetRef'));
  const at = violations.field('default');
  const { backends, tags = [], sampling = {} } = spec.default ?? {};
  if (!backends) at.field('backends').add('must be defined');
  for (const [i, backend] of (backends ?? []).entries()) checkBackend(backend, at.field('backends').index(i));
  for (const [i, tag] of tags.entries()) checkTag(tag, at.field('tags').index(i));
  for (const name of ['client', 'random', 'overall'] as const) {
    const given = sampling[name];
    if (given === undefined) continue;
    const value = numberOf(given);
    if (value === undefined) at.field('sampling').field(name).add('string is not a number');
    else if (value < 0 || value > 100) at.field('sampling').field(name).add('must be between 0 and 100');
  }
}

/** What a user is told about an accepted document. */
export function meshTraceDeprecations(spec: MeshTraceSpec): string[] {
  const endpoint = spec.default?.backends?.some((backend) => backend.openTelemetry?.endpoint);
  return [...topKindDeprecations(spec.targetRef), ...(endpoint ? [OTEL_ENDPOINT_DEPRECATED] : []), kindWithoutEffect('MeshTrace')];
}

function checkBackend({ type, zipkin, datadog, openTelemetry }: TraceBackend, at: Violations): void {
  if (type === 'Zipkin') {
    if (!zipkin) at.field('zipkin').add('must be defined');
    else if (!/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#\s]+/.test(zipkin.url)) at.field('zipkin').field('url').add('must be a valid url');
  } else if (type === 'Datadog') {
    if (!datadog) at.field('datadog').add('must be defined');
    else checkDatadogUrl(datadog.url, at.field('datadog').field('url'));
  } else if (!openTelemetry) at.field('openTelemetry').add('must be defined');
  else checkOtelTarget(openTelemetry, at.field('openTelemetry'));
}

function checkDatadogUrl(text: string, at: Violations): void {
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#\s]+)(\/[^?#]*)?/.exec(text);
  if (!match) {
    at.add('must be a valid url');
    return;
  }
  const [, scheme = '', authority = '', path = ''] = match;
  const port = /:(\d+)$/.exec(authority)?.[1];
  if (port === undefined) at.add('port must be defined');
  else if (Number(port) < 1 || Number(port) > 65535) at.add('port must be a valid (1-65535)');
  if (scheme !== 'http') at.add('scheme must be http');
  if (path !== '') at.add('path must not be defined');
}

function checkTag({ name, literal, header }: NonNullable<TraceConf['tags']>[number], at: Violations): void {
  if (name === '') at.field('name').add('must not be empty');
  if ((literal === undefined) === (header === undefined)) at.add('tag must have only one type defined: header, literal');
}
