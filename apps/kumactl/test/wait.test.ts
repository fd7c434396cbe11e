import type { Convergence, ProxyConvergence } from '@mesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KumactlUnderTest } from './fixture.js';

let kumactl: KumactlUnderTest;
beforeEach(async () => {
  kumactl = await KumactlUnderTest.start();
});
afterEach(() => kumactl.stop());

const PROXIES: ProxyConvergence = { connected: 3, converged: 3, unknown: 0, offline: 0, lagging: [], instances: [] };
const wait = (told: Partial<Convergence>, flags: readonly string[] = []) => {
  kumactl.converged = () => told;
  return kumactl.run(['wait', '--revision', '7', ...flags]);
};

describe('kumactl wait', () => {
  it('ends once zones and proxies have the revision', async () => {
    const zones = [{ zone: 'a', state: 'converged', stored: true, proxies: { ...PROXIES, offline: 1 } } as const];
    expect(await wait({ zones })).toEqual({ out: 'revision 7 is in 1 zone and 3 proxies (1 offline)\n', err: '', code: 0 });
    expect(await wait({ proxies: PROXIES })).toEqual({ out: 'revision 7 is in 3 proxies\n', err: '', code: 0 });
  });

  it('asks again until time is up', async () => {
    const states: Convergence['state'][] = ['pending', 'missing', 'converged'];
    kumactl.converged = () => ({ state: states.shift() ?? 'converged', proxies: PROXIES });
    expect((await kumactl.run(['wait', '--revision', '7'])).code).toBe(0);
    expect(states).toEqual([]);
  });

  it('names who is in the way when time is up', async () => {
    const lagging = [{ kind: 'ZoneIngress', mesh: '', name: 'zi', state: 'pending' } as const];
    const zones: Convergence['zones'] = [
      { zone: 'a', state: 'missing', reason: 'is not connected' },
      { zone: 'b', state: 'pending', stored: true, proxies: { ...PROXIES, converged: 1, lagging } },
      { zone: 'c', state: 'pending', stored: false, reason: 'has not stored it yet' },
      { zone: 'd', state: 'converged', stored: true, proxies: PROXIES },
    ];
    const { err, code } = await wait({ state: 'pending', zones }, ['--timeout', '0s']);
    expect(err.split('\n')).toEqual([
      'Error: revision 7 has not come everywhere within 0s',
      '* zone "a" is missing: it is not connected',
      '* zone "b": ZoneIngress "zi" has not accepted it yet',
      '* zone "b": and 1 more',
      '* zone "c" has not stored it yet',
      '',
    ]);
    expect(code).toBe(1);
  });

  it('gives up at once where somebody refuses the revision, and says why', async () => {
    const lagging = [
      { kind: 'Dataplane', mesh: 'm', name: 'dp', state: 'refused', reason: 'Listener: no such filter' },
      { kind: 'Dataplane', mesh: 'm', name: 'dp2', state: 'failed', reason: 'no such route' },
    ] as const;
    const zones: Convergence['zones'] = [
      { zone: 'a', state: 'refused', stored: true, proxies: { ...PROXIES, converged: 1, lagging } },
      { zone: 'b', state: 'refused', stored: false, refusals: [{ kind: 'MeshTimeout', message: 'spec.to: must be set' }] },
    ];
    expect((await wait({ state: 'refused', zones })).err.split('\n')).toEqual([
      'Error: revision 7 was refused',
      '* zone "a": Dataplane "dp" in mesh "m" refused it: Listener: no such filter',
      '* zone "a": no configuration could be made for Dataplane "dp2" in mesh "m": no such route',
      '* zone "b" refused a MeshTimeout: spec.to: must be set',
      '',
    ]);
  });

  it('says what nobody can tell, and does not wait for it', async () => {
    const zones: Convergence['zones'] = [
      { zone: 'kuma', state: 'unknown', stored: true, reason: 'does not tell what its proxies have' },
      { zone: 'two', state: 'unknown', stored: true, proxies: { ...PROXIES, unknown: 2 } },
    ];
    expect(await wait({ state: 'unknown', zones })).toEqual({
      out: 'revision 7 is in 2 zones and 3 proxies\n',
      err:
        'WARNING: zone "kuma" does not tell what its proxies have: whether its proxies have it is unknown\n' +
        'WARNING: zone "two": 2 proxies connected to servers that do not report: whether they have it is unknown\n',
      code: 0,
    });
  });

  it('refuses what is no revision and no time', async () => {
    expect((await kumactl.run(['wait'])).err).toBe('Error: required flag(s) "revision" not set\n');
    expect((await kumactl.run(['wait', '--revision', 'x'])).err).toContain('invalid argument "x" for "--revision"');
    expect((await kumactl.run(['wait', '--revision', '1', '--timeout', 'soon'])).err).toContain('invalid argument "soon" for "--timeout"');
  });
});

describe('kumactl apply --wait', () => {
  it('waits for the revision of its last write', async () => {
    const asked: number[] = [];
    kumactl.converged = ({ revision }) => {
      asked.push(revision);
      return { proxies: PROXIES };
    };
    const { out, code } = await kumactl.run(['apply', '-f', '-', '--wait'], 'type: Mesh\nname: a\n---\ntype: Mesh\nname: b\n');
    expect(asked).toEqual([kumactl.view.revision]);
    expect(out.split('\n').at(-2)).toBe(`revision ${kumactl.view.revision} is in 3 proxies`);
    expect(code).toBe(0);
  });

  it('fails where what was applied does not arrive', async () => {
    kumactl.converged = () => ({ state: 'missing', zones: [{ zone: 'a', state: 'missing', reason: 'is not connected' }] });
    const { err, code } = await kumactl.run(['apply', '-f', '-', '--wait', '--timeout', '0s'], 'type: Mesh\nname: a\n');
    expect(err).toContain('* zone "a" is missing: it is not connected\n');
    expect(code).toBe(1);
  });
});

describe('kumactl delete --wait', () => {
  it('waits until it is known everywhere that the resource is gone', async () => {
    await kumactl.run(['apply', '-f', '-'], 'type: Mesh\nname: a\n');
    const asked: number[] = [];
    kumactl.converged = ({ revision }) => {
      asked.push(revision);
      return { proxies: PROXIES };
    };
    const { out, code } = await kumactl.run(['delete', 'mesh', 'a', '--wait']);
    expect(asked).toEqual([kumactl.view.revision]);
    expect(out).toBe(`deleted Mesh "a"\nrevision ${kumactl.view.revision} is in 3 proxies\n`);
    expect(code).toBe(0);
  });

  it('fails where somebody does not hear of it, though it is gone', async () => {
    await kumactl.run(['apply', '-f', '-'], 'type: Mesh\nname: a\n');
    kumactl.converged = () => ({ state: 'missing', zones: [{ zone: 'a', state: 'missing', reason: 'is not connected' }] });
    const { out, err, code } = await kumactl.run(['delete', 'mesh', 'a', '--wait', '--timeout', '0s']);
    expect(out).toBe('deleted Mesh "a"\n');
    expect(err).toContain('* zone "a" is missing: it is not connected\n');
    expect(code).toBe(1);
  });
});
