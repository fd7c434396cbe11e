import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endedSubscription, proxySubscription, stored, zoneSubscription } from './documents.js';
import { KumactlUnderTest } from './fixture.js';

const inbound = (service: string, extra = {}) => ({
  port: 8080,
  tags: { 'kuma.io/service': service, 'kuma.io/protocol': 'http' },
  ...extra,
});

let kumactl: KumactlUnderTest;
beforeAll(async () => {
  kumactl = await KumactlUnderTest.start();
  await kumactl.seed(
    stored('Mesh', 'default', {
      mtls: { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' }] },
      routing: { zoneEgress: true },
    }),
    stored('Zone', 'z1', { enabled: true }),
    stored('ZoneInsight', 'z1', { subscriptions: [zoneSubscription] }),
    stored('Zone', 'z2'),
    stored('Zone', 'z3', { enabled: false }),
    stored('ZoneInsight', 'z3', { subscriptions: [zoneSubscription] }),
    stored('Dataplane', 'default/echo', { networking: { address: '10.77.0.2', inbound: [inbound('echo')] } }),
    stored('DataplaneInsight', 'default/echo', {
      subscriptions: [endedSubscription, proxySubscription],
      mTLS: {
        certificateExpirationTime: '2026-11-22T08:02:44Z',
        lastCertificateRegeneration: '2026-11-21T08:02:44Z',
        certificateRegenerations: 1,
        issuedBackend: 'ca-1',
        supportedBackends: ['ca-1'],
      },
    }),
    stored('Dataplane', 'default/half', {
      networking: { address: '10.77.0.3', inbound: [inbound('half'), inbound('sick', { port: 9090, state: 'NotReady' })] },
    }),
    stored('DataplaneInsight', 'default/half', { subscriptions: [proxySubscription] }),
    stored('ZoneIngress', 'in-1', { networking: { address: '10.0.0.1', port: 10001 } }),
    stored('ZoneIngressInsight', 'in-1', { subscriptions: [proxySubscription] }),
    stored('ExternalService', 'default/ext-1', { tags: { 'kuma.io/service': 'ext-web' }, networking: { address: '10.77.0.254:8088' } }),
    stored('MeshInsight', 'default', { dataplanes: { total: 2, online: 2 }, policies: { TrafficRoute: { total: 3 } } }),
    stored('ServiceInsight', 'default/all-services-default', {
      services: {
        'echo-server': { status: 'online', dataplanes: { online: 2 } },
        'ext-web': { status: 'not_available', dataplanes: {}, serviceType: 'external' },
      },
    }),
  );
});
afterAll(() => kumactl.stop());

const run = async (command: string) => kumactl.run(command.split(' '));

describe('tables', () => {
  it.each([
    ['get meshes', 'NAME      mTLS           LOCALITY   ZONEEGRESS   AGE\ndefault   builtin/ca-1   off        on           15m\n'],
    ['get zones', 'NAME   AGE\nz1     15m\nz2     15m\nz3     15m\n'],
    ['get zone z1', 'NAME   AGE\nz1     15m\n'],
    ['get zone-ingresses', 'NAME   AGE\nin-1   15m\n'],
    [
      'get external-services',
      'MESH      NAME    TAGS                      ADDRESS            AGE\ndefault   ext-1   kuma.io/service=ext-web   10.77.0.254:8088   15m\n',
    ],
    ['get meshtrafficpermissions', 'MESH   NAME   AGE\n'],
    ['inspect services', 'SERVICE       STATUS    DATAPLANES\necho-server   Online    2/2\next-web       Offline   0/0\n'],
    [
      'inspect zones',
      'NAME   STATUS    LAST CONNECTED AGO   LAST UPDATED AGO   TOTAL UPDATES   TOTAL ERRORS   ZONE-CP VERSION   BACKEND\n' +
        'z1     Online    15m                  1m                 103             0              2.14.3            memory\n' +
        'z2     Offline   never                never              0               0                                \n' +
        'z3     Offline   15m                  1m                 103             0              2.14.3            memory\n',
    ],
    [
      'inspect zone-ingresses',
      'NAME   STATUS   LAST CONNECTED AGO   LAST UPDATED AGO   TOTAL UPDATES   TOTAL ERRORS   KUMA-DP VERSION   ENVOY VERSION\n' +
        'in-1   Online   15m                  1m                 20              2              2.14.3            1.40.0\n',
    ],
    [
      'inspect zoneegresses',
      'NAME   STATUS   LAST CONNECTED AGO   LAST UPDATED AGO   TOTAL UPDATES   TOTAL ERRORS   KUMA-DP VERSION   ENVOY VERSION\n',
    ],
    [
      'inspect meshes',
      'MESH      DATAPLANES   TRAFFIC PERMISSIONS   TRAFFIC ROUTES   CIRCUIT BREAKERS   HEALTH CHECKS   FAULT INJECTIONS   EXTERNAL SERVICES   TRAFFIC TRACES   TRAFFIC LOGS   PROXY TEMPLATES   RATE LIMITS\n' +
        'default   2/2          0                     3                0                  0               0                  0                   0                0              0                 0\n',
    ],
  ])('%s prints what Kuma prints', async (command, out) => {
    expect(await run(command)).toEqual({ out, err: '', code: 0 });
  });

  it('inspect dataplanes shows streams, certificates, versions and what is not ready', async () => {
    const { out, code } = await run('inspect dataplanes');
    expect(code).toBe(0);
    const [, echo, half] = out.split('\n').map((line) => line.split(/ {3,}/));
    const tags = (service: string) => `kuma.io/protocol=http kuma.io/service=${service}`;
    expect(echo?.slice(2, 16)).toEqual([
      tags('echo'),
      'Online',
      '15m',
      '1m',
      '21',
      '2',
      '15m',
      '2026-11-22 08:02:44',
      '1',
      'ca-1',
      'ca-1',
      '2.14.3',
      '1.40.0',
      '-',
    ]);
    expect(half?.[3]).toBe('Partially degraded');
    expect(half?.at(-1)).toBe('inbound[port=9090,svc=sick]: not ready');
  });

  it('tells how to see the rest of a long list', async () => {
    const { out } = await run('get zones --size 1');
    expect(out).toBe('NAME   AGE\nz1     15m\n\nRerun command with --offset=1 argument to retrieve more resources\n');
    expect((await run('get zones --size 1 --offset 2')).out).toBe('NAME   AGE\nz3     15m\n');
  });
});

describe('-o', () => {
  it('yaml prints the head of a document, then what it says', async () => {
    expect((await run('get mesh default -oyaml')).out).toBe(`creationTime: "2026-11-21T08:02:43Z"
kri: kri_m____default_
modificationTime: "2026-11-21T08:02:43Z"
name: default
type: Mesh
mtls:
  backends:
  - name: ca-1
    type: builtin
  enabledBackend: ca-1
routing:
  zoneEgress: true
`);
  });

  it('json prints lists as the API sent them', async () => {
    const { out } = await run('get zones --output json --size 1 --offset 2');
    expect(out.startsWith('{\n  "total": 3,\n  "items": [\n    {\n      "type": "Zone",\n      "name": "z3",')).toBe(true);
    expect(out.endsWith('  ],\n  "next": null\n}\n')).toBe(true);
    expect(JSON.parse((await run('inspect zones -ojson')).out)).toMatchObject({ total: 3 });
  });

  it('refuses other formats', async () => {
    expect(await run('get zones -o xml')).toEqual({
      out: '',
      err: 'Error: unknown output format "xml", use one of table, yaml, json\n',
      code: 1,
    });
  });
});
