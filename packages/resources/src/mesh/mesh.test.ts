import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readDocument, violationsIn } from '../../test/read-document.js';
import { parseExpiration } from './expiration.js';

const documentOf = (yaml: string): object => ({ type: 'Mesh', name: 'm1', ...(parse(yaml) as object) });
const read = (yaml: string) => readDocument(documentOf(yaml));
const violationsOf = (yaml: string): string[] => violationsIn(documentOf(yaml));

describe('the rules for a Mesh', () => {
  it('check mTLS at the paths of the wire', () => {
    const backends = '[{name: a, type: builtin, dpCert: {rotation: {expiration: bogus}}}, {name: a, type: builtin}]';
    expect(violationsOf(`mtls: {enabledBackend: nope, backends: ${backends}}`)).toEqual([
      'mtls.backends: cannot have more than 1 backends',
      'mtls.backends[1].name: "a" name is already used for another backend',
      'mtls.dpcert.rotation.expiration: has to be a valid format',
      'mtls.enabledBackend: has to be set to one of the backends in the mesh',
    ]);
  });

  it('check backends of logging', () => {
    expect(
      violationsOf(`
logging:
  defaultBackend: nope
  backends:
  - {name: "", type: tcp, conf: {}}
  - {name: a, type: tcp, conf: {address: foo}}
  - {name: a, type: file, conf: {}}
  - {name: c, type: bogus}
  - {name: d, type: file, conf: {path: 3}}
  - {name: e, type: tcp, conf: {address: "foo:0"}}`),
    ).toEqual([
      'logging.backends[0].name: cannot be empty',
      'logging.backends[0].config.address: cannot be empty',
      'logging.backends[1].config.address: has to be in format of HOST:PORT',
      'logging.backends[2].config.path: cannot be empty',
      'logging.backends[2].name: "a" name is already used for another backend',
      'logging.backends[3].type: unknown backend type. Available backends: "tcp", "file"',
      'logging.backends[4].config: could not parse config: path must be text',
      'logging.defaultBackend: has to be set to one of the logging backend in mesh',
    ]);
  });

  it('check backends of tracing', () => {
    expect(
      violationsOf(`
tracing:
  backends:
  - {name: a, type: zipkin, conf: {}, sampling: 101}
  - {name: b, type: zipkin, conf: {url: "http://foo/x", apiVersion: foo}}
  - {name: c, type: zipkin, conf: {url: "foo"}}
  - {name: d, type: datadog, conf: {address: "", port: 0}}
  - {name: e, type: zipkin, conf: {url: "http://foo:80"}}`),
    ).toEqual([
      'tracing.backends[0].sampling: has to be in [0.0 - 100.0] range',
      'tracing.backends[0].config.url: cannot be empty',
      'tracing.backends[1].config.apiVersion: has invalid value. Allowed values: httpJsonV1, httpJson, httpProto',
      'tracing.backends[1].config.url: port has to be explicitly specified',
      'tracing.backends[2].config.url: invalid URL',
      'tracing.backends[3].config.address: cannot be empty',
      'tracing.backends[3].config.port: port must be in the range [1, 65535]',
    ]);
  });

  it('check metrics, one mistake per backend', () => {
    const backend = (conf: string) => violationsOf(`metrics: {backends: [{name: p, type: prometheus, conf: ${conf}}]}`);
    expect(backend('{skipMTLS: true, tls: {mode: activeMTLSBackend}}')).toEqual([
      'metrics.backends[0].conf: skipMTLS and tls configuration cannot be defined together',
    ]);
    expect(backend('{aggregate: [{name: a}, {name: a}]}')).toEqual([
      'metrics.backends[0].conf.aggregate[1].name: duplicate entry: a, values have to be unique',
    ]);
    expect(backend('{envoy: {filterRegex: "["}}')).toEqual([expect.stringMatching(/^metrics.backends\[0\].conf.envoy.filterRegex:/)]);
    expect(violationsOf('metrics: {enabledBackend: x, backends: [{name: a, type: b}]}')).toEqual([
      'metrics.backends[0].type: unknown backend type. Available backends: "prometheus"',
      'metrics.enabledBackend: has to be set to one of the backends in the mesh',
    ]);
  });

  it('want mTLS for the zone egress, and tags in constraints', () => {
    expect(violationsOf('routing: {zoneEgress: true}')).toEqual(['mtls: has to be set when zoneEgress enabled']);
    expect(violationsOf('constraints: {dataplaneProxy: {requirements: [{}], restrictions: [{tags: {"a b": "*"}}]}}')).toEqual([
      'constraints.dataplaneProxy.requirements[0].tags: must have at least one tag',
      'constraints.dataplaneProxy.restrictions[0].tags["a b"]: tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores',
    ]);
  });
});

describe('a Mesh that is read', () => {
  it('gets the defaults of its Prometheus backends, which then pass the rules', () => {
    const { draft } = read(
      'metrics: {backends: [{name: p, type: prometheus}, {name: q, type: prometheus, conf: {skipMTLS: true, port: 1}}]}',
    );
    const tags = { 'kuma.io/service': 'dataplane-metrics' };
    expect(draft.spec).toEqual({
      metrics: {
        backends: [
          { name: 'p', type: 'prometheus', conf: { path: '/metrics', port: 5670, tags, tls: {} } },
          { name: 'q', type: 'prometheus', conf: { path: '/metrics', port: 1, skipMTLS: true, tags, tls: { mode: 'disabled' } } },
        ],
      },
    });
    expect(readDocument({ type: 'Mesh', name: 'm1', ...(draft.spec as object) }).draft.spec).toEqual(draft.spec);
  });

  it('may have the mTLS of Kuma 0.x', () => {
    const { draft, warnings } = read('mtls: {enabled: true, ca: {builtin: {}}}');
    expect(draft.spec).toEqual({ mtls: { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' }] } });
    expect(warnings).toEqual([expect.stringMatching(/^mtls: "enabled" and "ca" are an old form, write /)]);
    expect(read('mtls: {enabled: false, ca: {builtin: {}}}').draft.spec).toEqual({
      mtls: { backends: [{ name: 'ca-1', type: 'builtin' }] },
    });
  });

  it('may have the metrics, logging and tracing of Kuma 0.x', () => {
    const { draft, warnings } = read(`
metrics: {prometheus: {port: 1234}}
logging: {backends: [{name: a, file: {path: /tmp/a}}]}
tracing: {backends: [{name: b, zipkin: {url: "http://z:9411/x"}}]}`);
    expect(draft.spec).toMatchObject({
      metrics: { enabledBackend: 'prometheus-1', backends: [{ type: 'prometheus', conf: { port: 1234 } }] },
      logging: { backends: [{ name: 'a', type: 'file', conf: { path: '/tmp/a' } }] },
      tracing: { backends: [{ name: 'b', type: 'zipkin', conf: { url: 'http://z:9411/x' } }] },
    });
    expect(warnings).toHaveLength(3);
  });
});

it('an expiration is a number with one unit', () => {
  expect(parseExpiration('1d')).toBe(86_400_000);
  expect(parseExpiration('500ms')).toBe(500);
  expect(parseExpiration('1y')).toBe(31_536_000_000);
  expect(parseExpiration('1h30m')).toBeUndefined();
  expect(parseExpiration('')).toBeUndefined();
});
