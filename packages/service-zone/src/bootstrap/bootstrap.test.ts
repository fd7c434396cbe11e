import { readFileSync } from 'node:fs';
import { type JsonObject, LABEL_FORMER_MESH, MeshError, type Resource, type ResourceDraft, type ResourceView } from '@mesh/core';
import { mesh, resource, viewOf as viewWith } from '@mesh/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BootstrapGenerator, type BootstrapOptions } from './generator.js';
import { type BootstrapRequest, parseBootstrapRequest } from './request.js';

const read = (name: string) => readFileSync(new URL(`./testdata/${name}`, import.meta.url), 'utf8');
const AUTHORITY = read('authority.crt');

function stored(kind: string, mesh: string, spec: JsonObject = {}): Resource {
  return resource(kind, 'p-1', mesh).withSpec(spec).build();
}

function viewOf(...resources: Resource[]): ResourceView {
  return viewWith(mesh('default').build(), ...resources);
}

/** Takes a document as it is; what is valid is the business of @mesh/resources. */
function parseInline(json: string): ResourceDraft {
  const { type, mesh = '', name, ...spec } = JSON.parse(json);
  return { kind: type, mesh, name, spec };
}

function generator(options: Partial<BootstrapOptions> = {}): BootstrapGenerator {
  return new BootstrapGenerator({
    view: viewOf(),
    parseInline,
    adminPort: 9901,
    adminAddress: '127.0.0.1',
    adminAccessLogPath: '/dev/null',
    envoyAdminUnixSocket: true,
    readinessPort: 9902,
    xdsConnectTimeout: '1s',
    xdsGrpcMaxReceiveMessageBytes: 4_194_304,
    hdsEnabled: true,
    enableReloadableTokens: false,
    xdsHost: '',
    xdsPort: () => 5678,
    certificatePem: AUTHORITY,
    tokenRequired: () => true,
    zoneProxyXds: () => undefined,
    ...options,
  });
}

function request(change: Partial<Record<keyof BootstrapRequest, unknown>> = {}): BootstrapRequest {
  return parseBootstrapRequest(JSON.stringify({ ...JSON.parse(read('sidecar.request.json')), ...change }));
}

// biome-ignore lint/suspicious/noExplicitAny: a bootstrap is read as plain YAML
async function bootstrapOf(req: BootstrapRequest, options: Partial<BootstrapOptions> = {}, host = '127.0.0.1'): Promise<any> {
  return parse((await generator(options).generate(req, host)).yaml);
}

describe('the generated bootstrap', () => {
  it('is the one Kuma gives for the same request, and comes back sooner', async () => {
    const expected = parse(read('sidecar.bootstrap.yaml'));
    const actual = await bootstrapOf(request());
    actual.staticResources.secrets[0].validationContext.trustedCa.inlineBytes = '<ca>';
    for (const bootstrap of [actual, expected]) bootstrap.node.metadata.features.sort();
    // The same labels from other patterns: see stats-tags.test.ts.
    expected.statsConfig = actual.statsConfig;
    const retryPolicy = { retryBackOff: { baseInterval: '0.250s', maxInterval: '1.500s' } };
    for (const { grpcServices } of [expected.dynamicResources.adsConfig, expected.hdsConfig])
      grpcServices[0].envoyGrpc.retryPolicy = retryPolicy;
    expect(actual).toEqual(expected);
  });

  it('trusts the CA kuma-dp trusts, else the certificate of this server', async () => {
    const trusted = (b: { staticResources: { secrets: { validationContext: { trustedCa: { inlineBytes: string } } }[] } }) =>
      Buffer.from(b.staticResources.secrets[0]?.validationContext.trustedCa.inlineBytes ?? '', 'base64').toString();
    expect(trusted(await bootstrapOf(request()))).toBe(AUTHORITY);
    expect(trusted(await bootstrapOf(request({ caCert: 'PEM' })))).toBe('PEM');
  });

  it('asks for delta xDS exactly when the proxy can', async () => {
    const apiType = async (features: string[]) => (await bootstrapOf(request({ features }))).dynamicResources.adsConfig.apiType;
    expect(await apiType([])).toBe('GRPC');
    expect(await apiType(['feature-delta-grpc'])).toBe('DELTA_GRPC');
  });

  it('reads the token from its file where tokens are reloadable', async () => {
    const bootstrap = await bootstrapOf(request(), { enableReloadableTokens: true });
    expect(bootstrap.dynamicResources.adsConfig.grpcServices[0].googleGrpc.targetUri).toBe('127.0.0.1:5678');
    expect(bootstrap.staticResources.clusters.map((c: { name: string }) => c.name)).toEqual(['access_log_sink']);
  });

  it('names the first service of a stored dataplane as cluster, and its admin port', async () => {
    const spec = {
      networking: {
        address: '10.0.0.1',
        admin: { port: 7000 },
        inbound: [{ tags: { 'kuma.io/service': 'web' } }, { tags: { 'kuma.io/service': 'api' } }],
      },
    };
    const view = viewOf(stored('Dataplane', 'default', spec));
    const bootstrap = await bootstrapOf(request({ name: 'p-1', dataplaneResource: '' }), { view });
    expect(bootstrap.node).toMatchObject({ id: 'default.p-1', cluster: 'api', metadata: { 'dataplane.admin.port': '7000' } });
    expect(bootstrap.node.metadata).not.toHaveProperty(['dataplane.resource']);
  });

  it('serves requests of Kuma 0.x, which know nothing of sockets', async () => {
    const view = viewOf(stored('Dataplane', 'default', { networking: { inbound: [] } }));
    const old = parseBootstrapRequest('{"mesh":"default","name":"p-1","adminPort":9902,"dataplaneTokenPath":"/tmp/token"}');
    const bootstrap = await bootstrapOf(old, { view }, 'localhost');
    expect(bootstrap.admin.address).toEqual({ socketAddress: { address: '127.0.0.1', portValue: 9902 } });
    expect(bootstrap.node.cluster).toBe('unknown');
  });

  it('has no admin listener where the port is 0', async () => {
    const view = viewOf(stored('Dataplane', 'default'));
    const bootstrap = await bootstrapOf(request({ name: 'p-1', dataplaneResource: '' }), { view, adminPort: 0 });
    expect(bootstrap).not.toHaveProperty('admin');
  });
});

describe('zone proxies', () => {
  const ingress = { mesh: '', name: 'p-1', proxyType: 'ingress', dataplaneResource: '' };
  const view = viewOf(stored('ZoneIngress', '', { networking: { address: '10.0.0.2', port: 10001 } }));

  it('are sent to the ingress manager', async () => {
    const announced = (host: string) => ({ service: 'zone-proxy-xds', host, port: 5679 }) as const;
    const adsAddress = async (host: string) => {
      const bootstrap = await bootstrapOf(request(ingress), { view, zoneProxyXds: () => announced(host) });
      expect(bootstrap.node).toMatchObject({ id: '.p-1', cluster: 'ingress' });
      return bootstrap.staticResources.clusters[1].loadAssignment.endpoints[0].lbEndpoints[0].endpoint.address.socketAddress;
    };
    expect(await adsAddress('')).toEqual({ address: '127.0.0.1', portValue: 5679 });
    expect(await adsAddress('10.9.9.9')).toEqual({ address: '10.9.9.9', portValue: 5679 });
  });

  it('are served as ingresses where they start as the Dataplane they were in Kuma 0.6', async () => {
    const old = { mesh: 'default', name: 'p-1', proxyType: 'dataplane', dataplaneResource: '' };
    const zoneProxyXds = () => ({ service: 'zone-proxy-xds', host: '', port: 5679 }) as const;
    const former = { ...stored('ZoneIngress', '', { networking: { address: '10.0.0.2', port: 10001 } }) };
    const labelled = viewOf({ ...former, meta: { ...former.meta, labels: { [LABEL_FORMER_MESH]: 'default' } } });
    const bootstrap = await bootstrapOf(request(old), { view: labelled, zoneProxyXds });
    expect(bootstrap.node).toMatchObject({ id: '.p-1', cluster: 'ingress', metadata: { 'dataplane.proxyType': 'ingress' } });
    for (const [change, options] of [
      [old, { view }],
      [{ ...old, mesh: 'other' }, { view: labelled }],
    ] as const) {
      await expect(bootstrapOf(request(change), { ...options, zoneProxyXds })).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  it('shall ask again while no ingress manager is there', async () => {
    await expect(bootstrapOf(request(ingress), { view })).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a bootstrap is refused', () => {
  it.each([
    ['without a token', { dataplaneToken: '', dataplaneTokenPath: '' }, {}, 'invalid'],
    ['for an unknown dataplane', { dataplaneResource: '' }, {}, 'not_found'],
    [
      'for a mesh that does not exist',
      { mesh: '', dataplaneResource: '{"type":"Dataplane","mesh":"nope","name":"echo-1"}' },
      {},
      'invalid',
    ],
    ['for an inline resource of another kind', { proxyType: 'ingress' }, {}, 'invalid'],
    ['for an inline resource of another name', { name: 'echo-2' }, {}, 'invalid'],
    ['where the certificate is no authority', {}, { certificatePem: read('leaf.crt') }, 'bad_request'],
  ])('%s', async (...[, change, options, code]) => {
    await expect(bootstrapOf(request(change), options)).rejects.toMatchObject({ code });
  });

  it('where the certificate does not cover the address dialled, unless the host is configured', async () => {
    await expect(bootstrapOf(request(), {}, 'other.example')).rejects.toMatchObject({ code: 'bad_request' });
    const bootstrap = await bootstrapOf(request(), { xdsHost: 'cp.example' }, 'other.example');
    expect(bootstrap.staticResources.clusters[1]).toMatchObject({
      type: 'STRICT_DNS',
      transportSocket: { typedConfig: { sni: 'cp.example' } },
    });
  });

  it('where a redirected proxy also names outbounds', async () => {
    const dataplaneConfig = { redirect: { outbound: { enabled: true, port: 15001 } } };
    await expect(bootstrapOf(request({ dataplaneConfig }))).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('a bootstrap request', () => {
  it('is read, or refused with a reason, whatever the bytes are', () => {
    const keys = fc.constantFrom('mesh', 'name', 'features', 'version', 'dnsPort', 'dynamicMetadata', 'resources', 'dataplaneConfig');
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(keys, fc.jsonValue()).map((document) => JSON.stringify(document)),
    );
    fc.assert(
      fc.property(body, (text) => {
        try {
          parseBootstrapRequest(text);
        } catch (error) {
          expect(error).toBeInstanceOf(MeshError);
        }
      }),
    );
  });
});
