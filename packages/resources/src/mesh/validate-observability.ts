import type { JsonObject, Violations } from '@mesh/core';
import type { LoggingBackend, MeshSpec, TracingBackend } from '../specs/index.js';
import { isPort } from '../validation/index.js';

/** Rules for `logging`. Paths of the backend's conf say `config`, as on the wire. */
export function validateLogging(logging: NonNullable<MeshSpec['logging']>, at: Violations): void {
  checkBackends(logging.backends ?? [], at.field('backends'), checkLoggingBackend);
  checkDefault(logging, at.field('defaultBackend'), 'logging');
}

/** Rules for `tracing`. */
export function validateTracing(tracing: NonNullable<MeshSpec['tracing']>, at: Violations): void {
  checkBackends(tracing.backends ?? [], at.field('backends'), checkTracingBackend);
  checkDefault(tracing, at.field('defaultBackend'), 'tracing');
}

interface Named {
  readonly name?: string;
}

function checkBackends<Backend extends Named>(
  backends: readonly Backend[],
  at: Violations,
  check: (backend: Backend, at: Violations) => void,
): void {
  const seen = new Set<string>();
  backends.forEach((backend, i) => {
    const here = at.index(i);
    const { name = '' } = backend;
    if (name === '') here.field('name').add('cannot be empty');
    check(backend, here);
    if (seen.has(name)) here.field('name').add(`"${name}" name is already used for another backend`);
    seen.add(name);
  });
}

function checkDefault(
  part: { readonly defaultBackend?: string; readonly backends?: readonly Named[] },
  at: Violations,
  what: string,
): void {
  const { defaultBackend, backends = [] } = part;
  if (defaultBackend && !backends.some(({ name }) => name === defaultBackend))
    at.add(`has to be set to one of the ${what} backend in mesh`);
}

function checkLoggingBackend({ type, conf = {} }: LoggingBackend, at: Violations): void {
  const config = at.field('config');
  if (type === 'tcp') {
    if (!hasText(conf, 'address', config)) return;
    if (!/^[^:]+:\d+$|^\[[^\]]+\]:\d+$/.test(String(conf.address))) config.field('address').add('has to be in format of HOST:PORT');
  } else if (type === 'file') {
    hasText(conf, 'path', config);
  } else {
    at.field('type').add('unknown backend type. Available backends: "tcp", "file"');
  }
}

function checkTracingBackend({ type, sampling, conf = {} }: TracingBackend, at: Violations): void {
  if (sampling !== undefined && (sampling < 0 || sampling > 100)) at.field('sampling').add('has to be in [0.0 - 100.0] range');
  const config = at.field('config');
  if (type === 'zipkin') checkZipkin(conf, config);
  else if (type === 'datadog') checkDatadog(conf, config);
  else at.field('type').add('unknown backend type. Available backends: "zipkin", "datadog"');
}

const ZIPKIN_API_VERSIONS = ['httpJsonV1', 'httpJson', 'httpProto'];

function checkZipkin(conf: JsonObject, at: Violations): void {
  if (conf.apiVersion !== undefined && conf.apiVersion !== '' && !ZIPKIN_API_VERSIONS.includes(String(conf.apiVersion))) {
    at.field('apiVersion').add(`has invalid value. Allowed values: ${ZIPKIN_API_VERSIONS.join(', ')}`);
  }
  if (!hasText(conf, 'url', at)) return;
  const match = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/([^/?#\s]+)/.exec(String(conf.url));
  if (!match) at.field('url').add('invalid URL');
  else if (!/:\d+$/.test(match[1] ?? '')) at.field('url').add('port has to be explicitly specified');
}

function checkDatadog(conf: JsonObject, at: Violations): void {
  hasText(conf, 'address', at);
  if (typeof conf.port !== 'number' || !Number.isInteger(conf.port) || !isPort(conf.port))
    at.field('port').add('port must be in the range [1, 65535]');
}

/** Reports a missing text, or a value that is none; true where there is a text to look at. */
function hasText(conf: JsonObject, field: string, at: Violations): boolean {
  const value = conf[field] ?? '';
  if (typeof value !== 'string') at.add(`could not parse config: ${field} must be text`);
  else if (value === '') at.field(field).add('cannot be empty');
  return typeof value === 'string' && value !== '';
}
