import { request } from 'node:http';
import { dataplane, freePort, mesh, startEnvoy, zoneIngress } from '@mesh/testing';
import { expect, test } from 'vitest';
import { contextOf, described, sidecarOf } from './cases.js';

/** Status and body of a GET to a port of the loopback. */
function get(port: number): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.once('error', reject);
    call.end();
  });
}

test('a caller is told why a service of another zone is out of reach while the mesh has no mTLS', async () => {
  const [http, tcp] = [await freePort(), await freePort()];
  const ingress = zoneIngress()
    .zone('z2')
    .advertised('127.0.0.9')
    .offers('billing', { tags: { 'kuma.io/protocol': 'http' } })
    .offers('redis');
  const web = dataplane('web-1').address('127.0.0.1').outbound('billing', http).outbound('redis', tcp);
  const context = contextOf(mesh().build(), ingress.build(), web.build());
  const envoy = await startEnvoy('web-1', described(sidecarOf(context, 'web-1', { metadata: {} })));
  try {
    const body = 'service "billing" has instances only in zone "z2", which takes mTLS to reach: turn on mTLS in mesh "default"\n';
    expect(await get(http)).toEqual({ status: 503, body });
    await expect(get(tcp)).rejects.toThrow(/socket hang up|ECONNRESET/);
  } finally {
    await envoy.stop();
  }
});
