import { DescriptorRegistry, ResourceView, systemClock } from '@mesh/core';
import { coreKinds, ResourceManager } from '@mesh/resources';
import { MemoryResourceStore } from '@mesh/store-memory';
import { mesh, secret, viewOf } from '@mesh/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSelfSignedServer } from '../ca/admin.js';
import { createBuiltinCa, createRoot } from '../ca/builtin.js';
import { loadMeshCa } from '../ca/mesh-ca.js';
import { verifyUserToken } from '../token/proxy-tokens.js';
import { defaultGlobalSecrets } from './defaults.js';
import { secretContent } from './drafts.js';
import { meshSecretsHook } from './mesh-hook.js';

const NOW = Date.now();
const author = { name: 'test' };

async function setup() {
  const store = new MemoryResourceStore();
  const view = new ResourceView();
  await store.follow(view.apply);
  const hook = meshSecretsHook({ store, clock: systemClock });
  const facts = { mode: 'zone', zone: 'zone-1', federated: false, environment: 'universal' } as const;
  const manager = new ResourceManager({ store, view, registry: new DescriptorRegistry(coreKinds), facts, meshHooks: [hook] });
  return { store, view, manager };
}

describe('a Mesh that is written', () => {
  let parts: Awaited<ReturnType<typeof setup>>;
  beforeEach(async () => {
    parts = await setup();
  });

  const secretNames = () => parts.view.listSorted('Secret', 'default').map(({ meta }) => meta.name);

  it('gets its signing key with its first write and its CA with mTLS, both once', async () => {
    await parts.manager.put({ draft: mesh().draft(), author });
    expect(secretNames()).toEqual(['dataplane-token-signing-key-default-1']);
    await parts.manager.put({ draft: mesh().mtls().draft(), author });
    expect(secretNames()).toEqual(['dataplane-token-signing-key-default-1', 'default.ca-builtin-cert-ca-1', 'default.ca-builtin-key-ca-1']);
    const ca = loadMeshCa(parts.view, mesh().mtls().build());
    await parts.manager.put({ draft: mesh().mtls().zoneEgress().draft(), author });
    expect(loadMeshCa(parts.view, mesh().mtls().build())?.fingerprint).toBe(ca?.fingerprint);
  });

  it('takes its secrets with it when it goes', async () => {
    await parts.manager.put({ draft: mesh().mtls().draft(), author });
    await parts.manager.delete({ key: { kind: 'Mesh', mesh: '', name: 'default' }, author });
    expect(parts.view.count('Secret')).toBe(0);
  });

  it('is refused with a provided CA that cannot issue, at the field that is wrong', async () => {
    const put = (conf: Record<string, unknown>) =>
      parts.manager.put({
        draft: mesh()
          .withSpec({ mtls: { enabledBackend: 'b', backends: [{ name: 'b', type: 'provided', conf: conf as never }] } })
          .draft(),
        author,
      });
    const server = await createSelfSignedServer({ hosts: ['a'], now: NOW });
    const root = await createRoot({ commonName: 'a', now: NOW });
    const fieldsOf = (error: { violations: { field: string; message: string }[] }) => error.violations.map(({ field }) => field);
    expect(await put({}).catch(fieldsOf)).toEqual(['mtls.backends[0].conf.cert', 'mtls.backends[0].conf.key']);
    expect(await put({ cert: { inlineString: server.certPem }, key: { inlineString: root.keyPem } }).catch(fieldsOf)).toEqual([
      'mtls.backends[0].conf.cert',
    ]);
    expect(await put({ cert: { inlineString: 'x' }, key: { secret: 'nope' } }).catch(fieldsOf)).toEqual(['mtls.backends[0].conf.key']);
    await expect(put({ cert: { inlineString: root.certPem }, key: { inlineString: root.keyPem } })).resolves.toMatchObject({
      created: true,
    });
  });

  it('never makes the control plane read a file, not even where validation is skipped', async () => {
    const conf = { cert: { file: '/etc/passwd' }, key: { file: '/etc/passwd', secret: 'key' } };
    for (const skipValidation of [false, true]) {
      const spec = { mtls: { enabledBackend: 'b', skipValidation, backends: [{ name: 'b', type: 'provided', conf }] } };
      await expect(parts.manager.put({ draft: mesh().withSpec(spec).draft(), author })).rejects.toMatchObject({
        code: 'invalid',
        violations: ['cert', 'key'].map((field) => ({
          field: `mtls.backends[0].conf.${field}.file`,
          message: 'files are not read by the control plane: use "secret", "inline" or "inlineString"',
        })),
      });
    }
    expect(parts.view.count('Mesh')).toBe(0);
  });

  it('may use a secret that was written just before it', async () => {
    const pair = await createBuiltinCa({ mesh: 'default', backend: {}, now: NOW });
    await parts.manager.put({ draft: mesh().draft(), author });
    await parts.manager.put({ draft: secret('cert', pair.certPem).draft(), author });
    await parts.manager.put({ draft: secret('key', pair.keyPem).draft(), author });
    await parts.manager.put({ draft: mesh().providedMtls('b', { cert: 'cert', key: 'key' }).draft(), author });
    expect(loadMeshCa(parts.view, mesh().providedMtls('b', { cert: 'cert', key: 'key' }).build())?.backend).toBe('b');
    const removal = parts.manager.delete({ key: { kind: 'Secret', mesh: 'default', name: 'cert' }, author });
    await expect(removal).rejects.toMatchObject({ code: 'invalid', violations: [{ field: 'name' }] });
  });
});

describe('the secrets of a deployment', () => {
  const names = async (mode: 'global' | 'zone', federated: boolean) =>
    (await defaultGlobalSecrets({ view: viewOf(), info: { mode, federated }, now: NOW })).map(({ name }) => name).sort();

  it('are those its mode needs', async () => {
    expect(await names('global', false)).toEqual([
      'admin-user-token',
      'inter-cp-ca',
      'user-token-signing-key-1',
      'zone-token-signing-key-1',
    ]);
    expect(await names('zone', true)).toEqual(['admin-user-token', 'envoy-admin-ca', 'inter-cp-ca', 'user-token-signing-key-1']);
  });

  it('are made once, and the token in them is the admin', async () => {
    const drafts = await defaultGlobalSecrets({ view: viewOf(), info: { mode: 'zone', federated: false }, now: NOW });
    const store = new MemoryResourceStore();
    const view = new ResourceView();
    await store.follow(view.apply);
    await store.transact(
      drafts.map((draft) => ({ op: 'create', draft }) as const),
      { author },
    );
    expect(await defaultGlobalSecrets({ view, info: { mode: 'zone', federated: false }, now: NOW })).toEqual([]);
    const stored = view.find('GlobalSecret', '', 'admin-user-token');
    const token = stored ? secretContent(stored).toString() : '';
    expect(await verifyUserToken({ token, view, now: NOW })).toMatchObject({ name: 'mesh-system:admin', groups: ['mesh-system:admin'] });
  });
});
