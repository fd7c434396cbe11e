import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { probe, startTwoZones, type TwoZones } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { type CommandResult, UserMachine } from './user-machine.js';
import { makeWorkDir } from './work-dir.js';

const workDir = makeWorkDir('waiting');
let lab: TwoZones;
let user: UserMachine;

beforeAll(async () => {
  lab = await startTwoZones({ binDir: BIN_DIR, workDir, envoyPath: envoyPath(), addressBlock: 236, store: 'memory', layout: 'services' });
  user = new UserMachine({ name: 'user', deployment: lab.deployment });
  await kumactl(`config control-planes add --name global --address ${lab.global.api.url}`);
});

afterAll(async () => {
  await lab?.stop();
  rmSync(workDir, { recursive: true, force: true });
});

const kumactl = (args: string): Promise<CommandResult> => user.attempt(`${join(BIN_DIR, 'kumactl')} ${args}`);

/** Writes a document where the user can apply it. */
function file(name: string, document: object): string {
  const path = join(user.home, `${name}.json`);
  writeFileSync(path, JSON.stringify(document));
  return path;
}

/** Status of one request, which does not wait for anything. */
async function status(): Promise<number | undefined> {
  return (await probe(lab.backendFromWeb)).status;
}

/** A route whose answer tells which version of it Envoy has. */
function redirect(statusCode: number): object {
  const filters = [{ type: 'RequestRedirect', requestRedirect: { statusCode } }];
  const rules = [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }], default: { filters } }];
  const to = [{ targetRef: { kind: 'MeshService', name: 'backend' }, rules }];
  return { type: 'MeshHTTPRoute', mesh: 'default', name: 'redirect', spec: { targetRef: { kind: 'Mesh' }, to } };
}

describe('waiting for a change', () => {
  it('ends when the next request through Envoy shows it', async () => {
    for (const code of [301, 302, 307, 308]) {
      expect(await kumactl(`apply -f ${file('route', redirect(code))} --wait`)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/revision \d+ is in 2 zones and 6 proxies\n$/) as string,
      });
      expect(await status()).toBe(code);
    }
  });

  it('names a zone that is away, and ends when it is back', async () => {
    const away = lab.deployment.group.find('zone-2.zone-cp');
    await away?.stop('SIGTERM');
    const { code, stderr } = await kumactl(`apply -f ${file('route', redirect(301))} --wait --timeout 1s`);
    expect(code).toBe(1);
    expect(stderr).toContain('* zone "zone-2" is missing: it is not connected');
    const response = await lab.global.api.put('/meshes/default/meshhttproutes/redirect', redirect(302));
    const revision = response.headers.get('kuma-revision');
    await lab.deployment.launchService('zone-cp', 'zone-2', lab.zone2.env);
    expect(await kumactl(`wait --revision ${revision} --timeout 60s`)).toMatchObject({ code: 0 });
    expect(await status()).toBe(302);
  });

  it('names the proxies that refuse it, and why', async () => {
    const tls = { enabled: true, caCert: { inlineString: 'no certificate' } };
    const external = {
      type: 'ExternalService',
      mesh: 'default',
      name: 'broken',
      tags: { 'kuma.io/service': 'broken' },
      networking: { address: '127.0.0.1:9', tls },
    };
    const { code, stderr } = await kumactl(`apply -f ${file('broken', external)} --wait`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: revision \d+ was refused$/m);
    expect(stderr).toMatch(/^\* zone "zone-\d": Dataplane "[\w-]+" in mesh "default" refused it: (Cluster|Secret): .+/m);
    await user.shell(`${join(BIN_DIR, 'kumactl')} delete external-service broken`);
  });
});
