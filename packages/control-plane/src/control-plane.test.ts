import { type Leadership, MeshError, silentLogger } from '@mesh/core';
import { type KumaConfig, loadConfig } from '@mesh/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { createDefaults, defaultsCreated } from './defaults/create-defaults.js';
import { type OpenedControlPlane, openControlPlane } from './open-control-plane.js';

const author = { name: 'test' };
const leadership: Leadership = { fence: 1, signal: new AbortController().signal };
const opened: OpenedControlPlane[] = [];

afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

const configOf = (env: Record<string, string>) => loadConfig({ yamlText: '', env: { HOME: '/tmp', ...env } }).config;

/** Runs the defaults as the leader does, and returns the keys there are. */
async function defaultsOf(config: KumaConfig): Promise<{ control: OpenedControlPlane; keys: () => string[] }> {
  const proxyAdmin = () => Promise.reject(new MeshError('not_found'));
  const control = await openControlPlane({ config, log: silentLogger, proxyAdmin });
  opened.push(control);
  let done: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const leading = control.store.lead('test', async (current) => {
    await createDefaults({ config, opened: control, leadership: current, log: silentLogger });
    await createDefaults({ config, opened: control, leadership: current, log: silentLogger });
    done();
  });
  await finished;
  await leading.stop();
  const keys = (): string[] => [...control.view.all()].map((r) => [r.kind, r.meta.mesh, r.meta.name].filter(Boolean).join('/')).sort();
  return { control, keys };
}

describe('the defaults', () => {
  it('of a global are a mesh with all that belongs to it, keys and the cluster id', async () => {
    const { keys } = await defaultsOf(configOf({ KUMA_MODE: 'global' }));
    expect(keys()).toEqual(
      expect.arrayContaining([
        'Config/kuma-cluster-id',
        'GlobalSecret/admin-user-token',
        'GlobalSecret/inter-cp-ca',
        'GlobalSecret/user-token-signing-key-1',
        'GlobalSecret/zone-token-signing-key-1',
        'Mesh/default',
        'MeshTimeout/default/mesh-gateways-timeout-all-default',
        'MeshTimeout/default/mesh-timeout-all-default',
        'Secret/default/dataplane-token-signing-key-default-1',
      ]),
    );
    expect(keys().filter((key) => /^Zone|envoy-admin-ca/.test(key))).toEqual([]);
  });

  it('of a zone with a global are its own Zone and what is never synced', async () => {
    const env = { KUMA_MODE: 'zone', KUMA_MULTIZONE_ZONE_NAME: 'z1', KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: 'grpcs://g:5685' };
    const { keys } = await defaultsOf(configOf(env));
    expect(keys()).toEqual([
      'GlobalSecret/admin-user-token',
      'GlobalSecret/envoy-admin-ca',
      'GlobalSecret/inter-cp-ca',
      'GlobalSecret/user-token-signing-key-1',
      'Zone/z1',
    ]);
  });

  it('of a zone that has another name than before go with what the zone made, and leave what others made alone', async () => {
    const envOf = (name: string) => ({
      KUMA_MODE: 'zone',
      KUMA_MULTIZONE_ZONE_NAME: name,
      KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: 'grpcs://g:5685',
    });
    const { control } = await defaultsOf(configOf(envOf('old')));
    const { store } = control;
    const labels = (zone: string, origin: string) => ({ 'kuma.io/zone': zone, 'kuma.io/origin': origin });
    const inbound = (zone: string) => [{ port: 80, tags: { 'kuma.io/service': 'web', 'kuma.io/zone': zone } }];
    const dataplane = { kind: 'Dataplane', mesh: 'default', name: 'web' };
    const foreign = { kind: 'ZoneIngress', mesh: '', name: 'theirs' };
    const insight = { kind: 'DataplaneInsight', mesh: 'default', name: 'web' };
    await store.transact(
      [
        {
          op: 'create',
          draft: { ...dataplane, labels: labels('old', 'zone'), spec: { networking: { address: 'a', inbound: inbound('old') } } },
        },
        { op: 'create', draft: { ...insight, labels: {}, spec: {}, owner: dataplane } },
        { op: 'create', draft: { ...foreign, labels: labels('other', 'global'), spec: { zone: 'other' } } },
      ],
      { author },
    );
    const config = configOf(envOf('new'));
    const term = await new Promise<Leadership>((resolve) => {
      store.lead('test', async (current) => resolve(current));
    });
    await createDefaults({ config, opened: control, leadership: term, log: silentLogger });
    expect(await store.get(dataplane)).toMatchObject({
      meta: { labels: labels('new', 'zone') },
      spec: { networking: { address: 'a', inbound: inbound('new') } },
    });
    expect(await store.get(insight)).toMatchObject({ meta: { owner: dataplane } });
    expect(await store.get(foreign)).toMatchObject({ meta: { labels: labels('other', 'global'), version: 1 }, spec: { zone: 'other' } });
    expect((await store.list({ kind: 'Zone' })).map(({ meta }) => meta.name)).toEqual(['new']);
  });

  it('are left out where the configuration says so', async () => {
    const none = await defaultsOf(configOf({ KUMA_MODE: 'global', KUMA_DEFAULTS_SKIP_TENANT_RESOURCES: 'true' }));
    expect(none.keys()).toEqual([]);
    const noMesh = await defaultsOf(configOf({ KUMA_MODE: 'global', KUMA_DEFAULTS_SKIP_MESH_CREATION: 'true' }));
    expect(noMesh.keys().filter((key) => key.startsWith('Mesh'))).toEqual([]);
  });

  it('are waited for, whoever makes them, and not for ever', async () => {
    const config = configOf({ KUMA_MODE: 'global', KUMA_DEFAULTS_SKIP_MESH_CREATION: 'true' });
    const control = await openControlPlane({ config, log: silentLogger, proxyAdmin: () => Promise.reject(new MeshError('not_found')) });
    opened.push(control);
    await expect(defaultsCreated(config, control.view, AbortSignal.abort())).rejects.toMatchObject({ code: 'unavailable' });
    const waiting = defaultsCreated(config, control.view, leadership.signal);
    await control.store.transact([{ op: 'create', draft: { kind: 'Config', mesh: '', name: 'kuma-cluster-id', spec: { config: 'x' } } }], {
      author,
    });
    await expect(waiting).resolves.toBeUndefined();
  });
});

describe('a mesh', () => {
  it('comes without the policies it says to leave out, and with its key', async () => {
    const { control } = await defaultsOf(configOf({ KUMA_MODE: 'global' }));
    await control.controlPlane.put({
      draft: { kind: 'Mesh', mesh: '', name: 'bare', spec: { skipCreatingInitialPolicies: ['*'] } },
      author,
    });
    expect(control.view.count('MeshTimeout', 'bare')).toBe(0);
    expect(control.view.count('Secret', 'bare')).toBe(1);
  });

  it('of a zone by itself comes with policies of that zone, and with routing resources where the configuration says so', async () => {
    const env = { KUMA_MODE: 'zone', KUMA_MULTIZONE_ZONE_NAME: 'z1', KUMA_DEFAULTS_CREATE_MESH_ROUTING_RESOURCES: 'true' };
    const { control } = await defaultsOf(configOf(env));
    const labels = (kind: string, name: string) => control.view.find(kind, 'default', name)?.meta.labels;
    expect(labels('MeshTimeout', 'mesh-timeout-all-default')).toEqual({
      'kuma.io/mesh': 'default',
      'kuma.io/origin': 'zone',
      'kuma.io/zone': 'z1',
      'kuma.io/env': 'universal',
    });
    expect(labels('TrafficPermission', 'allow-all-default')).toEqual({ 'kuma.io/mesh': 'default' });
    expect(labels('TrafficRoute', 'route-all-default')).toEqual({ 'kuma.io/mesh': 'default' });
  });
});

describe('a control plane', () => {
  it('is read after a write by whoever wrote, says who it is, and shows no secrets in its configuration', async () => {
    const config = configOf({ KUMA_MODE: 'global', KUMA_STORE_POSTGRES_PASSWORD: 'hush' });
    const { control } = await defaultsOf(config);
    const { controlPlane } = control;
    await controlPlane.put({ draft: { kind: 'Mesh', mesh: '', name: 'm', spec: {} }, author });
    expect(controlPlane.view.find('Mesh', '', 'm')).toBeDefined();
    expect(await controlPlane.info()).toMatchObject({ mode: 'global', zone: '', federated: false, storeType: 'memory' });
    expect(await controlPlane.config()).not.toContain('hush');
    expect(await controlPlane.issueToken({ type: 'zone', zone: 'z', scope: ['ingress'], validForMs: 1000 })).toMatch(/^ey/);
  });

  it('knows where a service is while that announces itself', async () => {
    const { control } = await defaultsOf(configOf({ KUMA_MODE: 'global', KUMA_DEFAULTS_SKIP_TENANT_RESOURCES: 'true' }));
    const { announcements } = control.controlPlane;
    const gone = new AbortController();
    const held = control.controlPlane.announce({ service: 'zone-proxy-xds', host: 'h', port: 1 }, gone.signal);
    expect(announcements.find('zone-proxy-xds')).toMatchObject({ host: 'h', port: 1 });
    gone.abort();
    await held;
    expect(announcements.find('zone-proxy-xds')).toBeUndefined();
  });
});
