import { generateKeyPairSync } from 'node:crypto';
import { type JsonObject, type Resource, ResourceView } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { kindOf, testPolicy } from '../test/kinds.fixture.js';
import { FEATURE_OPTIONAL_TARGET_REF, NODE_FEATURES } from './kinds.js';
import { goesToZone, mapToZone } from './outbound-global.js';
import { goesToGlobal, mapToGlobal } from './outbound-zone.js';

const meta = { creationTime: '', modificationTime: '', version: 1 };
function resource(
  kind: string,
  name: string,
  options: { mesh?: string; labels?: Record<string, string>; spec?: JsonObject } = {},
): Resource {
  return { kind, meta: { ...meta, name, mesh: options.mesh ?? '', labels: options.labels ?? {} }, spec: options.spec ?? {} };
}
function viewOf(...resources: Resource[]): ResourceView {
  const view = new ResourceView();
  view.apply({ type: 'snapshot', snapshot: { revision: 1, resources } });
  return view;
}
const to = { zone: 'zone-2', features: new Set(NODE_FEATURES) };
const goes = (r: Resource, view = viewOf()) => goesToZone(r, r.kind === 'MeshTest' ? testPolicy : kindOf(r.kind), { to, view });
const hashed = { hash: true, skipPrefixes: [] };

describe('what a zone gets', () => {
  it.each(['envoy-admin-ca', 'admin-user-token', 'inter-cp-ca', 'user-token-revocations', 'user-token-signing-key-1'])(
    'is never the secret %s',
    (name) => expect(goes(resource('GlobalSecret', name))).toBe(false),
  );

  it('is the rest of the global secrets, all mesh secrets, and of Configs the cluster id alone', () => {
    expect(goes(resource('GlobalSecret', 'zone-token-revocations'))).toBe(true);
    expect(goes(resource('Secret', 'dataplane-token-signing-key-default-1', { mesh: 'default' }))).toBe(true);
    expect(goes(resource('Config', 'kuma-cluster-id'))).toBe(true);
    expect(goes(resource('Config', 'kds-peer-zone-1'))).toBe(false);
  });

  it('is never what its label keeps back, nor what each control plane has of its own', () => {
    expect(goes(resource('Mesh', 'm', { labels: { 'kuma.io/kds-sync': 'disabled' } }))).toBe(false);
    for (const kind of ['Zone', 'ZoneInsight', 'MeshInsight', 'Dataplane']) expect(goes(resource(kind, 'x', { mesh: '' }))).toBe(false);
  });

  it('is the ingress of other zones that are enabled, not its own', () => {
    const ingress = (zone: string) => resource('ZoneIngress', 'in', { labels: { 'kuma.io/origin': 'zone', 'kuma.io/zone': zone } });
    expect(goes(ingress('zone-1'))).toBe(true);
    expect(goes(ingress('zone-2'))).toBe(false);
    expect(goes(ingress('zone-1'), viewOf(resource('Zone', 'zone-1', { spec: { enabled: false } })))).toBe(false);
    expect(goes(ingress('zone-1'), viewOf(resource('Zone', 'zone-1', { spec: { enabled: true } })))).toBe(true);
  });

  it('is a policy without a target only where the zone understands that', () => {
    const policy = resource('MeshTest', 'p', { mesh: 'default' });
    expect(goes(policy)).toBe(true);
    const old = { zone: 'z', features: new Set(NODE_FEATURES.filter((f) => f !== FEATURE_OPTIONAL_TARGET_REF)) };
    expect(goesToZone(policy, testPolicy, { to: old, view: viewOf() })).toBe(false);
  });

  it('is a policy of another zone only when it is of a producer, and for the zone it names', () => {
    const labels = { 'kuma.io/origin': 'zone', 'kuma.io/zone': 'zone-1' };
    expect(goes(resource('MeshTest', 'p', { mesh: 'm', labels }))).toBe(false);
    const producer = { ...labels, 'kuma.io/policy-role': 'producer', 'k8s.kuma.io/namespace': 'ns' };
    expect(goes(resource('MeshTest', 'p', { mesh: 'm', labels: producer }))).toBe(true);
    const spec = { targetRef: { kind: 'MeshSubset', tags: { 'kuma.io/zone': 'zone-3' } } };
    expect(goes(resource('MeshTest', 'p', { mesh: 'm', labels: producer, spec }))).toBe(false);
  });

  it('has the public half of zone-token keys, as PKCS#1, under the public name', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    const secret = resource('GlobalSecret', 'zone-token-signing-key-7', { spec: { data: Buffer.from(pem).toString('base64') } });
    const mapped = mapToZone(secret, kindOf('GlobalSecret'), hashed);
    expect(mapped.name).toBe('zone-token-signing-public-key-7');
    expect(mapped.labels).toEqual({ 'kuma.io/origin': 'global', 'kuma.io/display-name': 'zone-token-signing-key-7' });
    const text = Buffer.from(String(mapped.spec.data), 'base64').toString();
    expect(text).toMatch(/^-----BEGIN RSA PUBLIC KEY-----/);
    expect(JSON.stringify(mapped)).not.toContain(Buffer.from('PRIVATE').toString('base64').slice(0, 8));
  });

  it('keeps the name of a redistributed object, and of Mesh and Secret', () => {
    const labels = { 'kuma.io/origin': 'zone', 'kuma.io/zone': 'z1', 'kuma.io/display-name': 'ingress-01' };
    const ingress = resource('ZoneIngress', 'ingress-01-449bbzz9dz5fxvd5', { labels });
    expect(mapToZone(ingress, kindOf('ZoneIngress'), hashed).name).toBe('ingress-01-449bbzz9dz5fxvd5');
    expect(mapToZone(resource('Mesh', 'default'), kindOf('Mesh'), hashed)).toMatchObject({
      name: 'default',
      labels: { 'kuma.io/origin': 'global' },
    });
  });
});

describe('what the global gets', () => {
  it('is what the zone made, labelled and hashed, without liveness counters', () => {
    const spec = { subscriptions: [{ id: 'a', generation: 7 }] };
    const insight = resource('DataplaneInsight', 'dp0', { mesh: 'default', spec });
    expect(goesToGlobal(insight, kindOf('DataplaneInsight'))).toBe(true);
    const mapped = mapToGlobal(insight, kindOf('DataplaneInsight'), { zone: 'w1', skipPrefixes: ['secret.io/'] });
    expect(mapped).toMatchObject({
      name: 'dp0-44278wvwzv8b8cx2',
      labels: { 'kuma.io/origin': 'zone', 'kuma.io/zone': 'w1', 'kuma.io/display-name': 'dp0' },
      spec: { subscriptions: [{ id: 'a' }] },
    });
    expect(JSON.stringify(mapped.spec)).not.toContain('generation');
  });

  it('is never what the global made, nor kinds that stay in the zone', () => {
    const labels = { 'kuma.io/origin': 'global' };
    expect(goesToGlobal(resource('MeshTest', 'p', { mesh: 'm', labels }), testPolicy)).toBe(false);
    expect(goesToGlobal(resource('Secret', 's', { mesh: 'm' }), kindOf('Secret'))).toBe(false);
    expect(goesToGlobal(resource('Zone', 'z'), kindOf('Zone'))).toBe(false);
  });

  it('has no labels with skipped prefixes', () => {
    const dataplane = resource('Dataplane', 'd', { mesh: 'm', labels: { 'secret.io/x': '1', other: '2' } });
    const { labels } = mapToGlobal(dataplane, kindOf('Dataplane'), { zone: 'z', skipPrefixes: ['secret.io/'] });
    expect(labels).not.toHaveProperty('secret.io/x');
    expect(labels).toHaveProperty('other');
  });
});
