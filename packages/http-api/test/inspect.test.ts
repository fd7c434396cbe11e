import type { JsonObject } from '@mesh/core';
import { dataplane, mesh, resource } from '@mesh/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest } from './api-under-test.js';
import { MemoryControlPlane } from './memory-control-plane.js';

let api: ApiUnderTest;

const WHOLE = { kind: 'Mesh' };
const timeout = (name: string, spec: JsonObject) => resource('MeshTimeout', name).withSpec(spec).build();

beforeAll(async () => {
  api = await ApiUnderTest.start();
  api.controlPlane.seed(
    mesh('default').build(),
    resource('Mesh', 'exclusive')
      .inMesh('')
      .withSpec({ meshServices: { mode: 'Exclusive' } })
      .build(),
    dataplane('web-1').inbound('web', 8080, { protocol: 'http' }).outbound('backend', 10001).build(),
    dataplane('backend-1').inbound('backend', 9090, { protocol: 'http' }).build(),
    timeout('all', { targetRef: WHOLE, to: [{ targetRef: WHOLE, default: { idleTimeout: '1h', connectionTimeout: '5s' } }] }),
    timeout('aaa-backend', {
      targetRef: WHOLE,
      to: [{ targetRef: { kind: 'MeshService', name: 'backend' }, default: { connectionTimeout: '9s' } }],
    }),
    timeout('inbound', { targetRef: { kind: 'Dataplane', name: 'web-1' }, rules: [{ default: { idleTimeout: '33s' } }] }),
    resource('MeshTrafficPermission', 'only-web')
      .withSpec({
        targetRef: WHOLE,
        from: [
          { targetRef: WHOLE, default: { action: 'Deny' } },
          { targetRef: { kind: 'MeshSubset', tags: { 'kuma.io/service': 'web' } }, default: { action: 'Allow' } },
        ],
      })
      .build(),
    resource('TrafficPermission', 'to-backend')
      .withSpec({ sources: [{ match: { 'kuma.io/service': '*' } }], destinations: [{ match: { 'kuma.io/service': 'backend' } }] })
      .build(),
    resource('HostnameGenerator', 'names')
      .inMesh('')
      .withSpec({
        selector: { meshExternalService: { matchLabels: { team: 'a' } } },
        template: '{{ .DisplayName }}.{{ label "team" }}.mesh',
      })
      .build(),
    resource('MeshExternalService', 'mail')
      .label('team', 'a')
      .withSpec({ match: { type: 'HostnameGenerator', port: 25, protocol: 'tcp' }, endpoints: [] })
      .build(),
  );
});
afterAll(() => api.stop());

interface Rules {
  readonly rules: readonly {
    readonly type: string;
    readonly toRules: readonly { readonly matchers: object[]; readonly conf: object; readonly origin: { name: string }[] }[];
    readonly toResourceRules: readonly object[];
    readonly fromRules: readonly { readonly rules: { matchers: object[]; conf: object }[] }[];
    readonly inboundRules: readonly { readonly rules: { conf: object[]; origin: object[] }[] }[];
  }[];
}

async function get<T>(path: string, status = 200): Promise<T> {
  const answer = await api.send(path);
  expect([answer.status, answer.text.slice(0, status === 200 ? 0 : 500)]).toEqual([status, status === 200 ? '' : answer.text]);
  return JSON.parse(answer.text) as T;
}

async function rulesOf(name: string, kind: string) {
  const { rules } = await get<Rules>(`/meshes/default/dataplanes/${name}/_rules`);
  return rules.find(({ type }) => type === kind);
}

describe('_rules of a dataplane', () => {
  it('merges what is said for a destination, and keeps what is said for all', async () => {
    const found = await rulesOf('web-1', 'MeshTimeout');
    expect(found?.toRules.map(({ matchers, conf }) => ({ matchers, conf }))).toEqual([
      {
        matchers: [{ key: 'kuma.io/service', not: false, value: 'backend' }],
        conf: { connectionTimeout: '9s', idleTimeout: '1h0m0s' },
      },
      { matchers: [], conf: { connectionTimeout: '5s', idleTimeout: '1h0m0s' } },
    ]);
    expect(found?.toRules[0]?.origin.map(({ name }) => name)).toEqual(['all', 'aaa-backend']);
    expect(found?.toResourceRules).toMatchObject([
      { resourceMeta: { type: 'Mesh' }, origin: [{ resourceMeta: { name: 'all' }, ruleIndex: 0 }] },
    ]);
  });

  it('says for every caller whether it is let in', async () => {
    const found = await rulesOf('backend-1', 'MeshTrafficPermission');
    expect(found?.fromRules[0]?.rules).toMatchObject([
      { matchers: [{ key: 'kuma.io/service', not: false, value: 'web' }], conf: { action: 'Allow' } },
      { matchers: [{ key: 'kuma.io/service', not: true, value: 'web' }], conf: { action: 'Deny' } },
    ]);
  });

  it('lists rules of inbounds for the proxies they are for', async () => {
    expect((await rulesOf('web-1', 'MeshTimeout'))?.inboundRules[0]?.rules).toMatchObject([{ conf: [{ idleTimeout: '33s' }] }]);
    expect((await rulesOf('backend-1', 'MeshTimeout'))?.inboundRules).toEqual([]);
  });

  it('answers 404 for what does not exist', async () => {
    expect(await get('/meshes/default/dataplanes/nope/_rules', 404)).toMatchObject({ title: 'Could not retrieve Dataplane' });
    expect(await get('/meshes/nope/dataplanes/web-1/_rules', 404)).toMatchObject({ title: 'Failed to retrieve Mesh' });
    expect(await get('/meshes/default/meshgateways/nope/_rules', 404)).toMatchObject({ title: 'Could not retrieve MeshGateway' });
  });
});

describe('the dataplanes of a policy', () => {
  const names = async (path: string) => (await get<{ items: { name: string }[] }>(path)).items.map(({ name }) => name);

  it('are those it chooses, under both spellings', async () => {
    expect(await names('/meshes/default/meshtimeouts/all/_resources/dataplanes')).toEqual(['backend-1', 'web-1']);
    expect(await names('/meshes/default/meshtimeouts/inbound/-resources/dataplanes')).toEqual(['web-1']);
  });

  it('come in pages, and the last one names no next', async () => {
    const first = await get<{ next: string; total: number }>('/meshes/default/meshtimeouts/all/_resources/dataplanes?size=1');
    expect(first).toMatchObject({ total: 2, items: [{ name: 'backend-1' }] });
    expect(Object.keys(await get<object>(new URL(first.next).pathname + new URL(first.next).search))).toEqual(['items', 'total']);
  });

  it('name the inbound a policy of old is attached to', async () => {
    expect(await get('/meshes/default/traffic-permissions/to-backend/dataplanes')).toMatchObject({
      total: 1,
      items: [{ dataplane: { name: 'backend-1' }, attachments: [{ type: 'inbound', service: 'backend' }] }],
    });
  });
});

describe('the policies of a dataplane, as asked of old', () => {
  it('are listed by the part they work on', async () => {
    const { items } = await get<{ items: { type: string; matchedPolicies: Record<string, { name: string }[]> }[] }>(
      '/meshes/default/dataplanes/backend-1/policies',
    );
    expect(items.map(({ type, matchedPolicies }) => [type, Object.keys(matchedPolicies)])).toEqual([
      ['dataplane', ['MeshTimeout', 'MeshTrafficPermission']],
      ['inbound', ['TrafficPermission']],
    ]);
  });

  it('are flat under rules', async () => {
    const { items } = await get<{ items: { type: string; policyType: string; subset: object }[] }>(
      '/meshes/default/dataplanes/web-1/rules',
    );
    expect(items.map(({ type, policyType, subset }) => [type, policyType, subset])).toEqual([
      ['DestinationSubset', 'MeshTimeout', { 'kuma.io/service': 'backend' }],
      ['ClientSubset', 'MeshTrafficPermission', { 'kuma.io/service': 'web' }],
      ['ClientSubset', 'MeshTrafficPermission', { 'kuma.io/service': '!web' }],
    ]);
  });
});

describe('inspections by identifier', () => {
  it('need services to be MeshServices alone', async () => {
    for (const tail of ['_layout', '_policies', '_inbounds/kri_dp_default___web-1_web/_policies', '_outbounds/x/_routes'])
      expect(await get(`/meshes/default/dataplanes/web-1/${tail}`, 400)).toMatchObject({ title: 'Bad Request' });
  });

  it('show ports, destinations and policies of a dataplane', async () => {
    const inMesh = 'exclusive';
    api.controlPlane.seed(
      dataplane('one').inMesh(inMesh).inbound('one', 8080, { protocol: 'http' }).build(),
      resource('MeshService', 'one')
        .inMesh(inMesh)
        .withSpec({ selector: {}, ports: [{ port: 80, name: 'main', appProtocol: 'http' }] })
        .build(),
      resource('MeshTimeout', 'to-one')
        .inMesh(inMesh)
        .withSpec({ targetRef: WHOLE, to: [{ targetRef: { kind: 'MeshService', name: 'one' }, default: { idleTimeout: '7s' } }] })
        .build(),
    );
    const base = `/meshes/${inMesh}/dataplanes/one`;
    const layout = await get<{ inbounds: { kri: string }[]; outbounds: { kri: string }[] }>(`${base}/_layout`);
    expect(layout).toMatchObject({
      inbounds: [{ port: 8080, protocol: 'http', proxyResourceName: 'self_inbound_dp_8080' }],
      outbounds: [{ port: 80, protocol: 'http' }],
    });
    const policies = await get(`${base}/_outbounds/${layout.outbounds[0]?.kri}/_policies`);
    expect(policies).toMatchObject({ policies: [{ kind: 'MeshTimeout', conf: [{ idleTimeout: '7s' }] }] });
    expect(await get(`${base}/_inbounds/${layout.inbounds[0]?.kri}/_policies`)).toEqual({ policies: [] });
    expect(await get(`${base}/_inbounds/foo/_policies`, 400)).toMatchObject({ detail: 'bad request: invalid identifier string: "foo"' });
  });
});

describe('host names', () => {
  it('are made by the generators that select the service', async () => {
    expect(await get('/meshes/default/meshexternalservices/mail/_hostnames')).toEqual({
      items: [{ hostname: 'mail.a.mesh', zones: [{ name: 'zone-1' }] }],
      total: 1,
    });
  });

  it('are for services alone', async () => {
    expect((await api.send('/meshes/default/meshtimeouts/all/_hostnames')).status).toBe(400);
  });
});

describe('the dataplanes of a gateway', () => {
  const gateway = (service: string) => ({
    networking: { address: '10.0.0.9', gateway: { type: 'BUILTIN', tags: { 'kuma.io/service': service } } },
  });

  it('are the builtin gateways that it, or a route of it, is served by', async () => {
    const selectors = [{ match: { 'kuma.io/service': 'edge' } }];
    const listeners = [{ port: 80, protocol: 'HTTP', tags: { port: 'http' } }];
    api.controlPlane.seed(
      resource('Dataplane', 'edge-1').withSpec(gateway('edge')).build(),
      resource('Dataplane', 'inner-1').withSpec(gateway('inner')).build(),
      resource('MeshGateway', 'edge').withSpec({ selectors, conf: { listeners } }).build(),
      resource('MeshGatewayRoute', 'by-listener')
        .withSpec({ selectors: [{ match: { port: 'http' } }] })
        .build(),
      resource('MeshGatewayRoute', 'of-others')
        .withSpec({ selectors: [{ match: { port: 'https' } }] })
        .build(),
    );
    const edge = { total: 1, items: [{ dataplane: { mesh: 'default', name: 'edge-1' } }] };
    expect(await get('/meshes/default/meshgateways/edge/dataplanes')).toEqual(edge);
    expect(await get('/meshes/default/meshgatewayroutes/by-listener/dataplanes')).toEqual(edge);
    expect(await get('/meshes/default/meshgatewayroutes/of-others/dataplanes')).toEqual({ total: 0, items: [] });
    expect((await api.send('/meshes/default/meshgateways/none/dataplanes')).status).toBe(404);
  });
});

describe('_config of a dataplane', () => {
  const path = '/meshes/default/dataplanes/web-1/_config';

  it('needs a dataplane that has connected', async () => {
    expect(await get(path, 404)).toMatchObject({ title: 'Failed to fetch dataplane insight' });
  });

  it('refuses parameters it cannot follow', async () => {
    for (const query of ['shadow=maybe', 'include=all']) expect(await get(`${path}?${query}`, 400)).toMatchObject({ title: 'Bad Request' });
  });

  it('is what the control plane makes, and with shadow policies what that would change', async () => {
    const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
    const made = (connectTimeout: string) => ({ [CLUSTER]: { backend: { name: 'backend', connectTimeout } } });
    api.controlPlane.generated = (shadow) => made(shadow ? '77s' : '5s');
    api.controlPlane.seed(resource('DataplaneInsight', 'web-1').withSpec({ metadata: {} }).build());
    expect(await get(path)).toEqual({ xds: made('5s') });
    expect(await get(path.replace('dataplanes', 'meshgateways'))).toEqual({ xds: made('5s') });
    expect(await get(`${path}?shadow=true`)).toEqual({ xds: made('77s') });
    expect(await get(`${path}?include=diff`)).toEqual({ diff: [], xds: made('5s') });
    const at = '/type.googleapis.com~1envoy.config.cluster.v3.Cluster/backend/connectTimeout';
    expect(await get(`${path}?shadow=true&include=diff`)).toEqual({
      diff: [
        { op: 'test', path: at, value: '5s' },
        { op: 'replace', path: at, value: '77s' },
      ],
      xds: made('77s'),
    });
  });

  it('is asked of zones', async () => {
    const global = await ApiUnderTest.start({ controlPlane: new MemoryControlPlane({ mode: 'global' }) });
    try {
      global.controlPlane.seed(mesh('default').build());
      expect((await global.send(path)).status).toBe(405);
    } finally {
      await global.stop();
    }
  });
});
