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
