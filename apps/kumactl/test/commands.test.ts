import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KumactlUnderTest } from './fixture.js';

let kumactl: KumactlUnderTest;
beforeEach(async () => {
  kumactl = await KumactlUnderTest.start();
  await kumactl.run(['apply', '-f', '-'], 'type: Mesh\nname: default\n');
});
afterEach(() => kumactl.stop());

const run = (command: string, stdin?: string) => kumactl.run(command.split(' '), stdin);
const ok = (out: string, err = '') => ({ out, err, code: 0 });
const failed = (err: string, out = '') => ({ out, err, code: 1 });

describe('kumactl get audit', () => {
  it('tells who asked for what, by page, as table, JSON and YAML', async () => {
    await run('apply -f -', 'type: Mesh\nname: m2\n');
    const table = [
      'TIME                  WHO                 BY          METHOD   KIND   MESH   NAME      REVISION   STATUS   OUTCOME',
      '2026-11-21 08:02:43   mesh-system:admin   localhost   PUT      Mesh   -      m2        2          201      done',
      '2026-11-21 08:02:43   mesh-system:admin   localhost   PUT      Mesh   -      default   1          201      done',
    ];
    expect(await run('get audit --outcome done --kind Mesh')).toEqual(ok(`${table.join('\n')}\n`));
    const { out } = await run('get audit --kind Mesh --size 1');
    const before = /^Rerun command with --before=(\d+) argument to retrieve more records$/m.exec(out)?.[1];
    const next = JSON.parse((await run(`get audit --kind Mesh --before ${before} -o json`)).out);
    expect(next).toMatchObject({ items: [{ name: 'default', revision: 1 }], next: null });
    expect((await run('get audit --name m2 -o yaml')).out).toContain('  kind: Mesh\n  method: PUT\n  name: m2\n');
    expect((await run('get audit --who nobody -m default')).out.split('\n')).toHaveLength(2);
  });

  it('names the filter that cannot be', async () => {
    const { err, code } = await run('get audit --outcome fine');
    expect([code, err]).toEqual([1, expect.stringContaining('outcome: must be one of done')]);
  });
});

describe('kumactl config', () => {
  it('starts with the control plane of this machine, in a file for the user alone', async () => {
    const path = join(kumactl.home, 'fresh', 'config');
    expect((await run(`--config-file ${path} config control-planes list`)).out).toBe(
      'ACTIVE   NAME    ADDRESS\n*        local   http://localhost:5681\n',
    );
    expect(readFileSync(path, 'utf8')).toBe(
      'contexts:\n- controlPlane: local\n  name: local\ncontrolPlanes:\n- coordinates:\n    apiServer:\n      url: http://localhost:5681\n  name: local\ncurrentContext: local\n',
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('adds, switches and removes control planes', async () => {
    expect(
      await run(`config control-planes add --name y --address ${kumactl.url} --auth-type tokens --auth-conf token=abc --headers a=b`),
    ).toEqual(ok('added Control Plane "y"\nswitched active Control Plane to "y"\n'));
    expect((await run('config view')).out).toContain(
      '      authConf:\n        token: abc\n      authType: tokens\n      headers:\n      - key: a\n        value: b\n',
    );
    expect(await run('config control-planes switch --name local')).toEqual(ok('switched active Control Plane to "local"\n'));
    expect(await run('config control-planes remove --name local')).toEqual(
      ok('removed Control Plane "local"\nswitched active Control Plane to "test"\n'),
    );
    const { out } = await run('config control-planes list');
    expect(out).toBe(`ACTIVE   NAME   ADDRESS\n*        test   ${kumactl.url}\n         y      ${kumactl.url}\n`);
  });

  it('refuses what cannot be', async () => {
    expect(await run('config control-planes add --name x')).toEqual(failed('Error: required flag(s) "address" not set\n'));
    expect(await run(`config control-planes add --name test --address ${kumactl.url}`)).toEqual(
      failed('Error: Control Plane with name "test" already exists. Use --overwrite to replace an existing one.\n'),
    );
    expect(await run('config control-planes switch --name nope')).toEqual(failed('Error: there is no Control Plane with name "nope"\n'));
    expect((await run('config control-planes add --name z --address http://127.0.0.1:1')).err).toContain(
      'Error: could not connect to the Control Plane API Server: ',
    );
    expect((await run('--context nope get meshes')).code).toBe(1);
  });

  it('leaves no file behind with --no-config', async () => {
    const home = mkdtempSync(join(kumactl.home, 'empty-'));
    kumactl.userHome = home;
    expect((await run('--no-config config view')).out).toContain('currentContext: local');
    expect(readdirSync(home)).toEqual([]);
    await run('config view');
    expect(readdirSync(home)).toEqual(['.kumactl']);
  });
});

describe('kumactl apply', () => {
  it('creates, then updates', async () => {
    const zone = 'type: Zone\nname: z1\n';
    expect(await run('apply -f -', zone)).toEqual(ok('resource type="Zone" mesh="" name="z1" Created\n'));
    expect(await run('apply', zone)).toEqual(ok('resource type="Zone" mesh="" name="z1" Updated\n'));
  });

  it('takes the documents of the 0.2 and 0.6 manuals and says what to write today', async () => {
    const redis =
      'type: Dataplane\nmesh: default\nname: redis-1\nnetworking:\n  inbound:\n  - interface: 127.0.0.1:9000:6379\n    tags:\n      service: redis';
    const { out, err, code } = await run('apply -f -', redis);
    expect({ out, code }).toEqual({ out: 'resource type="Dataplane" mesh="default" name="redis-1" Created\n', code: 0 });
    expect(err).toContain('Warning: networking.inbound[0].interface');
    const ingress =
      'type: Dataplane\nmesh: default\nname: in-1\nnetworking:\n  address: 127.0.0.1\n  ingress: {}\n  inbound:\n  - port: 10000\n    tags:\n      service: ingress';
    expect((await run('apply -f -', ingress)).out).toBe('resource type="ZoneIngress" mesh="" name="in-1" Created\n');
  });

  it('reads files, and directories in order of names', async () => {
    const directory = join(kumactl.home, 'resources');
    mkdirSync(directory);
    writeFileSync(join(directory, 'b.yaml'), 'type: Zone\nname: zb\n---\n---\ntype: Zone\nname: zc\n');
    writeFileSync(join(directory, 'a.json'), '{"type":"Zone","name":"za"}');
    writeFileSync(join(directory, 'notes.txt'), 'not for us');
    const { out } = await run(`apply -f ${directory}`);
    expect(out.match(/name="(\w+)"/g)).toEqual(['name="za"', 'name="zb"', 'name="zc"']);
    expect((await run(`apply -f ${join(directory, 'a.json')}`)).out).toContain('Updated');
  });

  it('fills in variables and shows what would be applied with --dry-run', async () => {
    const { out } = await run('apply -f - --dry-run -v n=zz -v zone.kind=Zone', 'type: {{ zone.kind }}\nname: {{ n }}\nenabled: true\n');
    expect(out).toBe(
      'creationTime: "0001-01-01T00:00:00Z"\nkri: kri_z____zz_\nmodificationTime: "0001-01-01T00:00:00Z"\nname: zz\ntype: Zone\nenabled: true\n',
    );
    expect((await run('get zone zz')).code).toBe(1);
  });

  it.each([
    ['foo: [', /^resource\[0\]: failed to parse resource: not YAML: .+ \(stdin:1:7\)\n/],
    ['type: Foo\nname: x', /^resource\[0\]: failed to parse resource: invalid resource type "Foo" \(stdin:1:1\)\n/],
    ['type: Zone\nname: ok\n---\n\ntype: Zone\nname: NOT_OK\n', /^resource\[1\]: failed to parse resource: name: .+ \(stdin:6:1\)\n/],
    ['type: Mesh\nname: mm\nmtls: {enabledBackend: x}', /mtls\.enabledBackend: .+ \(stdin:3:8\)\n/],
  ])('writes nothing when a document is bad, and says which and where: %o', async (text, message) => {
    const { out, err, code } = await run('apply -f -', text);
    expect({ out, code }).toEqual({ out: '', code: 1 });
    expect(err).toMatch(message);
    expect(err.endsWith('Error: failed to validate some resources\n')).toBe(true);
    expect((await run('get zone ok')).code).toBe(1);
  });

  it('says what is missing', async () => {
    expect(await run('apply -f -', '')).toEqual(failed('Error: no resource(s) passed to apply\n'));
    expect(await run('apply')).toEqual(failed('Error: required flag(s) "file" not set\n'));
    expect((await run('apply -f /does/not/exist')).err).toContain('Error: error while reading provided file: ');
    const orphan =
      'type: Dataplane\nmesh: nope\nname: d\nnetworking: {address: 127.0.0.1, inbound: [{port: 80, tags: {kuma.io/service: a}}]}';
    expect(await run('apply -f -', orphan)).toEqual(
      failed('Error: resource type="Dataplane" mesh="nope" name="d": failed server side: Failed to retrieve Mesh (Not found)\n(stdin:1)\n'),
    );
  });
});

describe('kumactl get and delete', () => {
  it('says when there is nothing', async () => {
    expect(await run('get dataplane nope')).toEqual(failed('Error: No resources found in default mesh\n'));
    expect(await run('get zone nope')).toEqual(failed('Error: No resources found\n'));
    expect(await run('get dataplanes -m nope')).toEqual(failed('Error: Failed to retrieve Mesh (Not found)\n'));
    expect(await run('delete zone nope')).toEqual(failed('Error: there is no Zone with name "nope"\n'));
  });

  it('deletes, or says field by field why not', async () => {
    await run(
      'apply -f -',
      'type: Dataplane\nmesh: default\nname: d\nnetworking: {address: 127.0.0.1, inbound: [{port: 80, tags: {kuma.io/service: a}}]}',
    );
    const { err, code } = await run('delete mesh default');
    expect(code).toBe(1);
    expect(err).toMatch(/^Error: Could not delete a resource \(Resource is not valid\)\n\* mesh: .+\n$/);
    expect(await run('delete dataplane d')).toEqual(ok('deleted Dataplane "d"\n'));
    expect(await run('delete mesh default')).toEqual(ok('deleted Mesh "default"\n'));
  });

  it('refuses unknown words', async () => {
    expect((await run('delete foo x')).err).toContain(
      'Error: unknown TYPE: foo. Allowed values: circuit-breaker, dataplane, external-service, ',
    );
    expect((await run('get foo')).err).toContain('Error: unknown command "foo" for "kumactl get"');
    expect((await run('nope')).err).toBe('Error: unknown command "nope" for "kumactl"\nRun \'kumactl --help\' for usage.\n');
    expect(await run('get zones --foo')).toEqual(failed("Error: unknown flag: --foo\nRun 'kumactl get zones --help' for usage.\n"));
    expect(await run('get zone ..')).toEqual(failed('Error: ".." is no name\n'));
  });
});

describe('kumactl generate', () => {
  it('prints the token and nothing else', async () => {
    expect(await run('generate zone-token --zone=z --scope egress --scope ingress --valid-for 24h')).toEqual(ok('token-of-zone'));
    expect(kumactl.tokens).toEqual([{ type: 'zone', zone: 'z', scope: ['egress', 'ingress'], validForMs: 86_400_000 }]);
  });

  it('takes the flags of the old manuals, with a warning about what is missing', async () => {
    expect(await run('generate dataplane-token --dataplane=ingress-01')).toEqual(
      ok('token-of-dataplane', 'Warning: --valid-for is not set: the token is valid for 10 years\n'),
    );
    expect(kumactl.tokens[0]).toMatchObject({ name: 'ingress-01', mesh: 'default', validForMs: 87_600 * 3_600_000 });
  });

  it('passes tags with several values', async () => {
    await run('generate dataplane-token --mesh default --tag kuma.io/service=web,web-api --tag a=1 --proxy-type ingress --valid-for 1h30m');
    expect(kumactl.tokens[0]).toMatchObject({
      tags: { 'kuma.io/service': ['web', 'web-api'], a: ['1'] },
      proxyType: 'ingress',
      validForMs: 5_400_000,
    });
  });

  it('asks for what a user token needs', async () => {
    expect(await run('generate user-token --name u')).toEqual(failed('Error: required flag(s) "valid-for" not set\n'));
    expect((await run('generate user-token --name u --valid-for nope')).err).toContain('invalid argument "nope" for "--valid-for" flag');
    expect(await run('generate user-token --name u --group a --group b --valid-for 1h')).toEqual(ok('token-of-user'));
    expect(kumactl.tokens).toEqual([{ type: 'user', name: 'u', groups: ['a', 'b'], validForMs: 3_600_000 }]);
  });

  it('signs with a key at hand, without a control plane', async () => {
    const path = join(kumactl.home, 'key.pem');
    writeFileSync(path, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }));
    const { out, code } = await run(`--no-config generate zone-token --zone z --valid-for 1h --kid 7 --signing-key-path ${path}`);
    expect(code).toBe(0);
    const [header, claims] = out.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(header ?? '')).toEqual({ alg: 'RS256', kid: '7', typ: 'JWT' });
    expect(JSON.parse(claims ?? '')).toMatchObject({ Zone: 'z', Scope: ['ingress', 'egress'] });
    expect((await run('generate zone-token --zone z --valid-for 1h --kid 7')).err).toBe(
      'Error: --signing-key-path and --kid have to be set together\n',
    );
  });
});

describe('kumactl inspect, version and the rest', () => {
  it('shows what Envoy says', async () => {
    await run('apply -f -', 'type: ZoneEgress\nname: e1\nnetworking: {address: 127.0.0.1, port: 10002}');
    expect(await run('inspect zoneegress e1')).toEqual(ok('xds of e1\n'));
    expect(await run('inspect zoneegress e1 --type=stats')).toEqual(ok('stats of e1\n'));
    expect((await run('inspect zoneegress e1 --type=nope')).err).toContain(
      'invalid inspection type "nope", use one of config-dump, stats, clusters',
    );
  });

  it('prints versions, of the server too where it answers', async () => {
    expect(await run('version')).toEqual(ok('Client: Kuma 2.14.3\nServer: Kuma 2.14.3\n'));
    expect((await run('version -a')).out).toContain('Server: {\n   "clusterId": "",\n   "gui": "/gui",\n   "hostname": "vm",\n');
    await run('config control-planes add --name down --address http://127.0.0.1:1 --skip-check');
    const { out, err, code } = await run('version');
    expect({ out, code }).toEqual({ out: 'Client: Kuma 2.14.3\n', code: 0 });
    expect(err).toContain('Unable to connect to control plane: ');
    expect((await run('get meshes')).err).toMatch(
      /^WARNING: Failed to retrieve server version, can't check compatibility: .+\nError: GET http:\/\/127\.0\.0\.1:1\/meshes: /,
    );
  });

  it('tells its requests on stderr with --log-level debug', async () => {
    const { out, err, code } = await run('--log-level debug get meshes -o json');
    expect({ total: JSON.parse(out).total, code }).toEqual({ total: 1, code: 0 });
    expect(err.replaceAll(/http:\/\/[^/ ]+/g, 'URL')).toBe('GET URL/ 200\nGET URL/meshes 200\n');
    expect((await run('--log-level loud get meshes')).err).toContain('unknown log level "loud": use one of off, info, debug');
  });

  it('gives up after --api-timeout', async () => {
    expect((await run('--api-timeout nope get meshes')).err).toContain('invalid argument "nope" for "--api-timeout"');
  });

  it('says what this build does not have', async () => {
    const { err, code } = await run('install control-plane --mode=global');
    expect(code).toBe(1);
    expect(err).toMatch(/^Error: "kumactl install control-plane" is not available: .*Kubernetes.*kuma-cp run\n$/);
    expect((await run('uninstall transparent-proxy --dry-run')).err).toContain('there is none to remove');
  });

  it('helps', async () => {
    expect((await run('help')).out).toContain('Usage:\n  kumactl [command]\n');
    expect((await run('get')).code).toBe(0);
  });
});
