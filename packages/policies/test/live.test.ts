import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Resource } from '@mesh/core';
import { envoyRegistry } from '@mesh/proto/envoy-registry.js';
import { dataplane, freePort, mesh, resource, startEnvoy } from '@mesh/testing';
import { buildSidecar, describeSnapshot, parseNodeMetadata } from '@mesh/xds';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policyKinds } from '../src/index.js';
import { caPem, dev, test as other, prod, server, type TestCertificate } from './certificates.js';
import { contextOf } from './run-policy-cases.js';

const ANSWER_MS = 300;
/** What callers ask for in their TLS hello. */
const SERVER_NAME = 'web.mesh';
/** Stands for a connection that Envoy closed without an answer. */
const CLOSED = 0;

let app: Server;
beforeAll(async () => {
  app = createServer((_request, response) => setTimeout(() => response.end('hello'), ANSWER_MS));
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
});
afterAll(() => app.close());

const policy = (kind: string, name: string, spec: object) =>
  resource(kind, name)
    .withSpec(spec as Resource['spec'])
    .build();
const permission = (spec: object) => policy('MeshTrafficPermission', 'permission', spec);
const allowAll = permission({ from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Allow' } }] });

/** Statuses that the callers dev, prod and test get from the service `web` behind a running Envoy. */
async function statuses(...policies: readonly Resource[]): Promise<number[]> {
  const port = await freePort();
  const { port: servicePort } = app.address() as AddressInfo;
  const web = dataplane('web-1').address('127.0.0.1').inbound('web', port, { servicePort, protocol: 'http' }).build();
  const context = contextOf(policyKinds, [mesh().mtls().build(), web, ...policies]);
  const identity = { certPem: server.cert, keyPem: server.key, caPems: [caPem] };
  const result = buildSidecar({ context, dataplane: web, metadata: parseNodeMetadata({}), identity, plugins: policyKinds });
  if (!result.ok) throw new Error(result.problems.join('; '));
  const envoy = await startEnvoy('web-1', describeSnapshot(result.snapshot, envoyRegistry()));
  try {
    return await Promise.all([dev, prod, other].map((caller) => statusFor(port, caller)));
  } finally {
    await envoy.stop();
  }
}

function statusFor(port: number, { cert, key }: TestCertificate): Promise<number> {
  return new Promise((resolve) => {
    const options = {
      host: '127.0.0.1',
      servername: SERVER_NAME,
      port,
      cert,
      key,
      ca: caPem,
      checkServerIdentity: () => undefined,
      agent: false,
    };
    const call = request(options, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    call.on('error', () => resolve(CLOSED));
    call.end();
  });
}

describe('behind a running Envoy', () => {
  test('nobody gets in while no policy says who may', async () => expect(await statuses()).toEqual([403, 403, 403]));

  test('two denied values of a tag under an allow for all are both stopped', async () => {
    const deny = (env: string) => ({ targetRef: { kind: 'MeshSubset', tags: { env } }, default: { action: 'Deny' } });
    const allow = { targetRef: { kind: 'Mesh' }, default: { action: 'Allow' } };
    expect(await statuses(permission({ from: [allow, deny('dev'), deny('prod')] }))).toEqual([403, 403, 200]);
  });

  test('a denied id is stopped wherever it stands in the certificate, and none that only begins like it', async () => {
    const id = (type: string, value: string) => ({ spiffeID: { type, value: `spiffe://default/${value}` } });
    const rules = [{ default: { deny: [id('Exact', 'reports.x')], allow: [id('Prefix', '')] } }];
    expect(await statuses(permission({ rules }))).toEqual([403, 200, 200]);
  });

  test('a TrafficPermission admits its sources and nobody else', async () => {
    const old = policy('TrafficPermission', 'old', {
      sources: [{ match: { 'kuma.io/service': 'other', env: 'test' } }],
      destinations: [{ match: { 'kuma.io/service': 'web' } }],
    });
    expect(await statuses(old)).toEqual([CLOSED, CLOSED, 200]);
    expect(await statuses(old, allowAll)).toEqual([200, 200, 200]);
  });

  test('a timeout for one caller holds for that caller alone', async () => {
    const rules = [
      { default: { http: { requestTimeout: '10s' } } },
      { matches: [{ spiffeID: { type: 'Exact', value: 'spiffe://default/reports.x' } }], default: { http: { requestTimeout: '50ms' } } },
    ];
    expect(await statuses(allowAll, policy('MeshTimeout', 'callers', { rules }))).toEqual([504, 200, 200]);
  });

  test('a timeout for callers of a server name holds where they ask for that name', async () => {
    const spiffeID = { type: 'Exact', value: 'spiffe://default/reports.x' };
    const rules = (value: string) => [
      { default: { http: { requestTimeout: '10s' } } },
      { matches: [{ spiffeID, sni: { type: 'Exact', value } }], default: { http: { requestTimeout: '50ms' } } },
    ];
    const forName = (value: string) => policy('MeshTimeout', 'callers', { rules: rules(value) });
    expect(await statuses(allowAll, forName(SERVER_NAME))).toEqual([504, 200, 200]);
    expect(await statuses(allowAll, forName('other.mesh'))).toEqual([200, 200, 200]);
  });

  test('a fault for one caller meets that caller alone, one for all who tell no tags meets everybody', async () => {
    const http = [{ abort: { httpStatus: 418, percentage: 100 } }];
    const rules = [{ matches: [{ spiffeID: { type: 'Exact', value: 'spiffe://default/reports.x' } }], default: { http } }];
    const targetRef = { kind: 'Dataplane' };
    expect(await statuses(allowAll, policy('MeshFaultInjection', 'faults', { targetRef, rules }))).toEqual([418, 200, 200]);
    const from = [
      { targetRef: { kind: 'Mesh' }, default: { http } },
      { targetRef: { kind: 'MeshService', name: 'web' }, default: { http: [] } },
    ];
    expect(await statuses(allowAll, policy('MeshFaultInjection', 'faults', { targetRef, from }))).toEqual([418, 418, 418]);
    expect(await statuses(allowAll, policy('MeshFaultInjection', 'faults', { targetRef, from: [...from].reverse() }))).toEqual([
      418, 418, 418,
    ]);
  });

  test('a limit holds for all callers together, but for one that has a limit of its own', async () => {
    const limit = (num: number) => ({ local: { http: { requestRate: { num, interval: '1h' }, onRateLimit: { status: 423 } } } });
    const spiffeID = { type: 'Exact', value: 'spiffe://default/reports.x' };
    const rules = [{ default: limit(1) }, { matches: [{ spiffeID }], default: limit(9) }];
    const [dev, ...others] = await statuses(allowAll, policy('MeshRateLimit', 'calm', { targetRef: { kind: 'Dataplane' }, rules }));
    expect(dev).toBe(200);
    expect(others.sort()).toEqual([200, 423]);
  });
});
