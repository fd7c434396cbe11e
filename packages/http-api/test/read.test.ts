import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest, STRANGER } from './api-under-test.js';
import { CREATED, dataplaneSpec, errorBody, stored } from './documents.js';
import { MemoryControlPlane } from './memory-control-plane.js';

const subscription = {
  id: 's1',
  connectTime: '2026-11-21T08:02:00Z',
  status: { total: { responsesSent: '45', responsesAcknowledged: '45' } },
};

let api: ApiUnderTest;
beforeAll(async () => {
  const controlPlane = new MemoryControlPlane().seed(
    stored('Mesh', 'default', { spec: { mtls: { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' }] } } }),
    stored('Mesh', 'other'),
    stored('Zone', 'z1', { spec: { enabled: true } }),
    stored('ZoneInsight', 'z1', { spec: { subscriptions: [subscription] } }),
    stored('Zone', 'z2'),
    stored('Dataplane', 'web-1', { mesh: 'default', spec: dataplaneSpec({ 'kuma.io/service': 'web', version: 'v1' }) }),
    stored('Dataplane', 'web-2', { mesh: 'default', spec: dataplaneSpec({ 'kuma.io/service': 'web', version: 'v2' }) }),
    stored('Dataplane', 'api-1', { mesh: 'other', spec: dataplaneSpec({ 'kuma.io/service': 'api' }) }),
    stored('Dataplane', 'edge', {
      mesh: 'other',
      spec: { networking: { address: '10.0.0.1', gateway: { tags: { 'kuma.io/service': 'edge' } } } },
    }),
    stored('DataplaneInsight', 'web-1', { mesh: 'default', spec: { subscriptions: [subscription] } }),
    stored('Secret', 's1', { mesh: 'default', spec: { data: 'eA==' } }),
    stored('ServiceInsight', 'all-services-default', {
      mesh: 'default',
      spec: {
        services: {
          web: {
            zones: ['z1'],
            status: 'online',
            dataplanes: { online: 2 },
            issuedBackends: { 'ca-1': 2 },
          },
          ext: { status: 'not_available', dataplanes: {}, serviceType: 'external', addressPort: '10.77.0.254:8088' },
        },
      },
    }),
    stored('MeshInsight', 'default', {
      spec: {
        dataplanes: { total: 2, online: 1, offline: 1 },
        policies: { MeshTimeout: { total: 2 } },
        dataplanesByType: { standard: { total: 2, online: 1, offline: 1 } },
        resources: { Dataplane: { total: 2 } },
      },
    }),
    stored('Config', 'kuma-cluster-id', { spec: { config: '147c7186' } }),
  );
  api = await ApiUnderTest.start({ controlPlane, clock: { now: () => Date.parse('2026-11-21T08:17:13Z') } });
});
afterAll(() => api.stop());

const get = async (path: string) => (await api.send(path)).text;
const names = async (path: string) => (JSON.parse(await get(path)) as { items: { name: string }[] }).items.map(({ name }) => name);

describe('reading resources', () => {
  it('prints an item with one space per level, in the order of Kuma, with a newline at the end', async () => {
    const answer = await api.send('/meshes/default');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.text).toBe(
      `{
 "type": "Mesh",
 "name": "default",
 "creationTime": "${CREATED}",
 "modificationTime": "${CREATED}",
 "kri": "kri_m____default_",
 "mtls": {
  "enabledBackend": "ca-1",
  "backends": [
   {
    "name": "ca-1",
    "type": "builtin"
   }
  ]
 }
}
`,
    );
  });

  it('lists in a mesh and across meshes, ordered by mesh, then name', async () => {
    expect(await names('/meshes/default/dataplanes')).toEqual(['web-1', 'web-2']);
    expect(await names('/dataplanes')).toEqual(['web-1', 'web-2', 'api-1', 'edge']);
    expect(await get('/meshes/other/secrets')).toBe('{\n "total": 0,\n "items": [],\n "next": null\n}\n');
  });

  it('pages with a link to the next page that keeps the query, in the words of the client', async () => {
    const page = JSON.parse(await get('/dataplanes?size=2&name=1&tag=kuma.io%2Fservice:*')) as { total: number; next: string | null };
    expect(page).toMatchObject({ total: 2, next: null });
    const first = JSON.parse((await api.send('/dataplanes?size=1&name=web', { headers: { host: 'mesh.example:8080' } })).text) as {
      next: string;
    };
    expect(first.next).toBe('http://mesh.example:8080/dataplanes?name=web&offset=1&size=1');
    expect(await names('/dataplanes?size=1&offset=3')).toEqual(['edge']);
    expect(await names('/dataplanes?offset=99')).toEqual([]);
  });

  it.each([
    ['name=web', ['web-1', 'web-2']],
    ['tag=version:v1', ['web-1']],
    ['tag=version:*', ['web-1', 'web-2']],
    ['tag=kuma.io/service:we&tag=version:v2', ['web-2']],
    ['tag=nocolon', ['web-1', 'web-2', 'api-1', 'edge']],
    ['gateway=true', ['edge']],
    ['gateway=delegated', ['edge']],
    ['gateway=builtin', []],
    ['gateway=false', ['web-1', 'web-2', 'api-1']],
    ['filter[labels.kuma.io/zone]=z1', []],
  ])('filters dataplanes by %s', async (query, expected) => {
    expect(await names(`/dataplanes?${query}`)).toEqual(expected);
  });

  it.each([
    ['/meshes?size=0', 'Invalid page size', [['size', 'must be greater than 0']]],
    ['/meshes?size=x', 'Invalid page size', [['size', 'invalid format']]],
    ['/meshes?size=1001', 'Invalid page size', [['size', 'invalid page size of 1001. Maximum page size is 1000']]],
    ['/meshes?offset=-1', 'invalid: invalid offset: must be non-negative', []],
    ['/meshes?filter[x]=1', 'Resource is not valid', [['/meshes.filter[x]', 'filters are only supported on labels']]],
  ] as const)('refuses the query of %s and names the parameter', async (path, detail, causes) => {
    const answer = await api.send(path);
    expect(answer).toMatchObject({ status: 400, text: errorBody(400, 'Could not retrieve resources', detail, causes) });
  });

  it('names a bad gateway filter by the template of the route', async () => {
    const answer = await api.send('/meshes/default/dataplanes?gateway=x');
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('"field": "/meshes/{mesh}/dataplanes.gateway"');
  });

  it.each([
    ['/meshes/nope', 'Could not retrieve a resource'],
    ['/meshes/default/dataplanes/nope', 'Could not retrieve a resource'],
    ['/zones/nope/_overview', 'Could not retrieve a resource'],
    ['/meshes/nope/dataplanes', 'Failed to retrieve Mesh'],
    ['/meshes/nope/dataplanes/web-1', 'Failed to retrieve Mesh'],
    ['/meshes/nope/service-insights', 'Failed to retrieve Mesh'],
    ['/meshes/default/dataplanes/nope/xds', 'Could not get dataplane resource'],
    ['/meshes/default/dataplanes/web-1/nope', 'Could not execute admin operation'],
  ])('answers 404 for %s', async (path, title) => {
    expect(await api.send(path)).toMatchObject({ status: 404, text: errorBody(404, title, 'Not found') });
  });

  it.each(['/zones/_overview', '/zones+insights'])('shows zones with their insights under %s', async (path) => {
    const list = JSON.parse(await get(path)) as { items: object[] };
    expect(list.items).toEqual([
      {
        type: 'ZoneOverview',
        name: 'z1',
        creationTime: CREATED,
        modificationTime: CREATED,
        kri: 'kri_z____z1_',
        zone: { enabled: true },
        zoneInsight: { subscriptions: [subscription] },
      },
      { type: 'ZoneOverview', name: 'z2', creationTime: CREATED, modificationTime: CREATED, kri: 'kri_z____z2_', zone: {} },
    ]);
  });

  it.each(['/meshes/default/dataplanes/web-1/_overview', '/meshes/default/dataplanes+insights/web-1'])(
    'shows one dataplane with its insight under %s',
    async (path) => {
      expect(JSON.parse(await get(path))).toMatchObject({
        type: 'DataplaneOverview',
        kri: 'kri_dp_default___web-1_',
        dataplaneInsight: { subscriptions: [subscription] },
      });
    },
  );

  it.each([
    '/dataplanes+insights',
    '/zoneingresses+insights',
    '/zone-ingresses/_overview',
    '/zone-ingresses',
    '/zoneegressoverviews',
    '/global-secrets',
  ])('serves the old path %s', async (path) => {
    expect((await api.send(path)).status).toBe(200);
  });

  it('gives the Kubernetes form of an item when asked, and refuses other forms', async () => {
    expect(JSON.parse(await get('/meshes/default/dataplanes/web-1?format=k8s'))).toMatchObject({
      kind: 'Dataplane',
      apiVersion: 'kuma.io/v1alpha1',
      metadata: { name: 'web-1', namespace: 'kuma-system' },
      mesh: 'default',
    });
    const refused = await api.send('/meshes/default?format=x');
    expect(refused.text).toBe(
      errorBody(400, 'Could not retrieve a resource', 'Resource is not valid', [
        ['', '"format" must be one of ["k8s", "kubernetes", "universal"]'],
      ]),
    );
  });

  it('shows one service insight per service, with the fields in order', async () => {
    expect(await get('/meshes/default/service-insights')).toBe(
      `${JSON.stringify(
        {
          total: 2,
          items: [
            {
              type: 'ServiceInsight',
              mesh: 'default',
              name: 'ext',
              creationTime: CREATED,
              modificationTime: CREATED,
              status: 'not_available',
              dataplanes: {},
              serviceType: 'external',
              addressPort: '10.77.0.254:8088',
            },
            {
              type: 'ServiceInsight',
              mesh: 'default',
              name: 'web',
              creationTime: CREATED,
              modificationTime: CREATED,
              status: 'online',
              dataplanes: { total: 2, online: 2 },
              issuedBackends: { 'ca-1': 2 },
              addressPort: 'web.mesh:80',
              zones: ['z1'],
            },
          ],
          next: null,
        },
        null,
        1,
      )}\n`,
    );
    expect(await names('/service-insights?type=external')).toEqual(['ext']);
    expect((await api.send('/service-insights?type=x')).status).toBe(400);
    expect(JSON.parse(await get('/meshes/default/service-insights/unknown'))).toMatchObject({ name: 'unknown', dataplanes: {} });
    expect((await api.send('/meshes/other/service-insights/unknown')).status).toBe(404);
  });

  it('finds items by their resource identifier', async () => {
    expect(JSON.parse(await get('/_kri/kri_dp_default___web-1_'))).toMatchObject({ type: 'Dataplane', name: 'web-1' });
    expect((await api.send('/_kri/kri_dp_default___nope_')).status).toBe(404);
    expect((await api.send('/_kri/x')).text).toContain('invalid identifier string');
    expect((await api.send('/_kri/kri_xx____a_')).text).toContain('unknown short name');
  });
});

describe('reading the server', () => {
  it('introduces itself', async () => {
    expect(await get('/')).toBe(
      `{\n "clusterId": "147c7186",\n "gui": "/gui",\n "hostname": "host",\n "instanceId": "host-1a2b",\n "product": "Kuma",\n "version": "2.14.3"\n}\n`,
    );
    expect(await get('/config')).toBe('{"mode":"zone"}');
    expect((await api.send('/gui/anything')).headers['content-type']).toContain('text/html');
  });

  it('tells which kinds there are', async () => {
    const { resources } = JSON.parse(await get('/_resources')) as { resources: { name: string }[] };
    expect(resources.map(({ name }) => name)).toEqual(resources.map(({ name }) => name).sort());
    expect(resources.find(({ name }) => name === 'Dataplane')).toEqual({
      includeInFederation: false,
      name: 'Dataplane',
      path: 'dataplanes',
      pluralDisplayName: 'Dataplanes',
      readOnly: false,
      scope: 'Mesh',
      shortName: 'dp',
      singularDisplayName: 'Dataplane',
    });
    expect(resources.map(({ name }) => name)).not.toContain('Config');
    const { policies } = JSON.parse(await get('/policies')) as { policies: { name: string }[] };
    expect(policies.map(({ name }) => name)).toEqual(policies.map(({ name }) => name).sort());
    expect(policies.find(({ name }) => name === 'MeshTimeout')).toMatchObject({
      isTargetRefBased: true,
      isInbound: true,
      isOutbound: true,
    });
  });

  it('sums up the insights of all meshes', async () => {
    expect(JSON.parse(await get('/global-insight'))).toMatchObject({
      createdAt: '2026-11-21T08:17:13.000Z',
      dataplanes: { standard: { offline: 1, online: 1, partiallyDegraded: 0, total: 2 } },
      meshes: { total: 2 },
      policies: { total: 2 },
      services: { external: { total: 1 }, internal: { online: 1, total: 1 } },
      zones: { controlPlanes: { online: 1, total: 1 } },
    });
    expect(JSON.parse(await get('/global-insights'))).toMatchObject({
      type: 'GlobalInsights',
      resources: { Mesh: { total: 2 }, Zone: { total: 2 } },
    });
  });

  it('asks the control plane for what Envoy says', async () => {
    const dump = await api.send('/meshes/default/dataplanes/web-1/xds?include_eds=true', { headers: STRANGER });
    expect(dump).toMatchObject({ status: 200, text: 'xds of web-1' });
    expect(dump.headers['content-type']).toBe('application/json');
    expect((await api.send('/meshes/default/dataplanes/web-1/stats')).headers['content-type']).toBe('text/plain');
    expect(api.controlPlane.asked[0]).toEqual({
      kind: 'Dataplane',
      mesh: 'default',
      name: 'web-1',
      what: 'xds',
      format: 'text',
      includeEds: true,
      usedOnly: true,
    });
  });
});
