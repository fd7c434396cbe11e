import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KumactlUnderTest, type Outcome } from './fixture.js';

let kumactl: KumactlUnderTest;
beforeEach(async () => {
  kumactl = await KumactlUnderTest.start();
  await kumactl.run(['apply', '-f', '-'], 'type: Mesh\nname: default\n');
});
afterEach(() => kumactl.stop());

/** Runs a line of a manual as it is printed there, but for what a shell does with it: quotes, line breaks, `>` and `|`. */
function typed(line: string, stdin?: string): Promise<Outcome> {
  const [command = ''] = line.replace(/\\\n/g, ' ').split(/[>|]/);
  return kumactl.run(command.trim().split(/\s+/).slice(1), stdin);
}

const REDIS_0_2 = `type: Dataplane
mesh: default
name: dp-redis-1
networking:
  inbound:
  - interface: 127.0.0.1:9000:6379
    tags:
      service: redis`;

const GATEWAY_OUTBOUND_0_2 = `type: Dataplane
mesh: default
name: dp-backend-1
networking:
  inbound:
  - interface: 127.0.0.1:8000:80
    tags:
      service: backend
  outbound:
  - interface: :10000
    service: redis`;

const INGRESS_0_6 = `type: Dataplane
mesh: default
name: dp-ingress
networking:
  address: 192.168.0.1
  ingress:
    publicAddress: 10.0.0.1
    publicPort: 10000
  inbound:
  - port: 10001
    tags:
      service: ingress`;

describe('commands of the manuals', () => {
  it.each([
    { manual: '0.2', document: REDIS_0_2, out: 'resource type="Dataplane" mesh="default" name="dp-redis-1" Created\n' },
    { manual: '0.2', document: GATEWAY_OUTBOUND_0_2, out: 'resource type="Dataplane" mesh="default" name="dp-backend-1" Created\n' },
    { manual: '0.6', document: INGRESS_0_6, out: 'resource type="ZoneIngress" mesh="" name="dp-ingress" Created\n' },
  ])('of $manual: kumactl apply -f - takes the document, and says what to write today', async ({ document, out }) => {
    const outcome = await typed('kumactl apply -f -', document);
    expect(outcome).toMatchObject({ out, code: 0 });
    expect(outcome.err).toMatch(/^Warning: /);
  });

  it.each([
    'kumactl generate dataplane-token --dataplane=ingress-01 > /tmp/cluster1-ingress-token',
    'kumactl generate zone-token --zone=zone-1 --scope egress --scope ingress > /tmp/zone-token',
  ])('%s prints a token and nothing else', async (line) => {
    const { out, code } = await typed(line);
    expect({ out, code }).toEqual({ out: expect.stringMatching(/^token-of-\w+$/) as string, code: 0 });
  });

  it('of 2.5: a control plane is added, asked and told', async () => {
    await typed('kumactl apply -f -', 'type: Zone\nname: zone-1\n');
    const added = await typed(
      `kumactl config control-planes add \\\n--name global --address ${kumactl.url} \\\n--auth-type=tokens --auth-conf token=abc`,
    );
    expect(added).toMatchObject({ out: 'added Control Plane "global"\nswitched active Control Plane to "global"\n', code: 0 });
    expect((await typed('kumactl get zones')).out).toMatch(/^NAME {5}AGE\nzone-1 {3}/);
    expect(await typed('kumactl inspect services')).toMatchObject({ out: 'SERVICE   STATUS   DATAPLANES\n', code: 0 });
    expect(await typed('kumactl delete zone zone-1')).toEqual({ out: 'deleted Zone "zone-1"\n', err: '', code: 0 });
  });

  it.each([
    'kumactl install control-plane | kubectl apply -f -',
    'kumactl install control-plane --mode=remote --zone=zone-1 | kubectl apply -f -',
    'kumactl install control-plane \\\n--set "controlPlane.mode=global" \\\n| kubectl apply -f -',
    'kumactl install ingress | kubectl apply -f -',
    'kumactl install dns | kubectl apply -f -',
    'kumactl install database-schema --target=postgres | psql',
  ])('%s says that it is not there, and hands nothing on', async (line) => {
    const { out, err, code } = await typed(line);
    expect({ out, code }).toEqual({ out: '', code: 1 });
    expect(err).toMatch(/^Error: "kumactl install [\w-]+" is not available: /);
  });

  it('a command that is misspelled in one of them stays unknown', async () => {
    expect((await typed('kumactl appy -f -', INGRESS_0_6)).err).toContain('unknown command "appy" for "kumactl"');
  });
});
