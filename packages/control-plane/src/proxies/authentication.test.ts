import { LABEL_FORMER_MESH, type ResourceDraft, type TokenRequest } from '@mesh/core';
import { globalSecretDraft, issueToken, newSigningKey, secretDraft } from '@mesh/identity';
import { loadConfig } from '@mesh/runtime';
import { describe, expect, it } from 'vitest';
import { WritableView } from '../../test/proxies.fixture.js';
import { proxyAuthenticator } from './authentication.js';

const NOW = Date.parse('2026-11-21T08:00:00Z');
const key = await newSigningKey();
const { config } = loadConfig({ yamlText: '', env: { HOME: '/tmp' } });

const ingress = (labels?: Record<string, string>): ResourceDraft => ({
  kind: 'ZoneIngress',
  mesh: '',
  name: 'ingress-01',
  spec: { networking: { address: '127.0.0.1', port: 10_000 } },
  ...(labels ? { labels } : {}),
});

const former = ingress({ [LABEL_FORMER_MESH]: 'default' });

async function connect(options: { stored: ResourceDraft; claims: Partial<TokenRequest>; claimed?: ResourceDraft }): Promise<void> {
  const secrets = [
    secretDraft('default', 'dataplane-token-signing-key-default-1', key),
    secretDraft('other', 'dataplane-token-signing-key-other-1', key),
    globalSecretDraft('zone-token-signing-key-1', key),
  ];
  const { view } = new WritableView([...secrets, options.stored]);
  const defaults = { type: 'dataplane', name: 'ingress-01', mesh: 'default', tags: {}, proxyType: '', workload: '', validForMs: 3_600_000 };
  const token = await issueToken(view, { ...defaults, ...options.claims } as TokenRequest, NOW);
  const authenticate = proxyAuthenticator({ config, view, clock: { now: () => NOW }, zone: 'zone-1' });
  await authenticate(token, options.claimed ?? options.stored);
}

describe('an ingress', () => {
  it('comes in with a zone token of its zone', async () => {
    const claims = { type: 'zone', zone: 'zone-1', scope: ['ingress'] } as const;
    await expect(connect({ stored: ingress(), claims })).resolves.toBeUndefined();
    await expect(connect({ stored: former, claims })).resolves.toBeUndefined();
    await expect(connect({ stored: ingress(), claims: { ...claims, zone: 'zone-2' } })).rejects.toThrow(/zone-2/);
  });

  it('that was applied as a Dataplane of Kuma 0.6 comes in with the dataplane token of its name', async () => {
    await expect(connect({ stored: former, claims: {} })).resolves.toBeUndefined();
  });

  it.each([
    ['is no former Dataplane', { stored: ingress(), claims: {} }],
    ['only says so itself', { stored: ingress(), claimed: former, claims: {} }],
    ['is another one', { stored: former, claims: { name: 'ingress-02' } }],
    ['has a token of the whole mesh', { stored: former, claims: { name: '' } }],
    ['has a token of another mesh', { stored: former, claims: { mesh: 'other' } }],
  ])('is refused with a dataplane token where it %s', async (_, options) => {
    await expect(connect(options)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('a dataplane whose identity comes from its workload label', () => {
  const labels = { 'kuma.io/workload': 'web', team: 'a' };
  const web: ResourceDraft = { kind: 'Dataplane', mesh: 'default', name: 'web-1', labels, spec: { networking: { address: '127.0.0.1' } } };
  const identity = (name: string, spec: object): ResourceDraft => ({ kind: 'MeshIdentity', mesh: 'default', name, spec });
  const everybody = { dataplane: {} };

  async function come(workload: string, ...identities: readonly ResourceDraft[]): Promise<unknown> {
    const { view } = new WritableView([secretDraft('default', 'dataplane-token-signing-key-default-1', key), web, ...identities]);
    const request = { type: 'dataplane', name: 'web-1', mesh: 'default', tags: {}, proxyType: '', workload, validForMs: 60_000 } as const;
    return proxyAuthenticator({ config, view, clock: { now: () => NOW } })(await issueToken(view, request, NOW), web);
  }

  it('needs a token that is bound to the workload', async () => {
    const all = identity('all', { selector: everybody });
    await expect(come('', all)).rejects.toThrow(/must be bound to the workload/);
    await expect(come('other', all)).rejects.toThrow(/is different than in token/);
    await expect(come('web', all)).resolves.toMatchObject({ kid: '1' });
  });

  it.each([
    ['no MeshIdentity', []],
    ['one for nobody', [identity('none', {})]],
    ['one for others', [identity('others', { selector: { dataplane: { matchLabels: { team: 'b' } } } })]],
    ['one with another path', [identity('path', { selector: everybody, spiffeID: { path: '/name/{{ .Name }}' } })]],
    [
      'a more specific one with another path',
      [
        identity('all', { selector: everybody }),
        identity('team', { selector: { dataplane: { matchLabels: { team: 'a' } } }, spiffeID: { path: '/x' } }),
      ],
    ],
  ])('needs none with %s', async (_, identities) => {
    await expect(come('', ...identities)).resolves.toMatchObject({ kid: '1' });
  });
});
