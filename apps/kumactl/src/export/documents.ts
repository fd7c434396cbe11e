import type { JsonObject } from '@mesh/core';
import { isObject } from '@mesh/resources';
import type { Profile } from './profiles.js';

/** CAs that belong to one control plane; another makes its own. */
const OF_ONE_CONTROL_PLANE = new Set(['envoy-admin-ca', 'inter-cp-ca']);
const USER_SIGNING_KEY = /^user-token-signing-key/;

/**
 * Documents of a kind as they are exported. Signing keys of users come last: applying one makes the token invalid that
 * the rest is applied with.
 */
export function exported(kind: string, items: readonly JsonObject[], profile: Profile): JsonObject[] {
  if (kind === 'Mesh') return items.map((item) => withMeshSpec(item, item));
  if (kind === 'GlobalSecret') {
    const kept = items.filter(({ name }) => !OF_ONE_CONTROL_PLANE.has(String(name)));
    const isLast = ({ name }: JsonObject): boolean => USER_SIGNING_KEY.test(String(name));
    return [...kept.filter((item) => !isLast(item)), ...kept.filter(isLast)].map((item) => withoutOrigin(item, profile));
  }
  return items.map((item) => withoutOrigin(item, profile));
}

/** Whether a resource of a global is its own. What zones made comes from them again, and a global takes it from nobody else. */
export function isOwnOfGlobal({ labels }: JsonObject): boolean {
  return !isObject(labels) || labels['kuma.io/origin'] !== 'zone';
}

/** The same for the Kubernetes form of a document: the spec of a Mesh stands below `spec` there. */
export function exportedKubernetes(kind: string, document: JsonObject, name: string): JsonObject {
  if (kind !== 'Mesh') return document;
  return { ...document, spec: withMeshSpec({ ...(isObject(document.spec) ? document.spec : {}) }, { name }) };
}

/** A mesh keeps its CA by naming the secrets that are exported too, and gets no policies but those exported. */
function withMeshSpec(spec: JsonObject, { name }: JsonObject): JsonObject {
  const { mtls } = spec;
  const changed = { ...spec, skipCreatingInitialPolicies: ['*'] };
  if (!isObject(mtls) || !Array.isArray(mtls.backends)) return changed;
  const backends = mtls.backends.map((backend: unknown) => (isObject(backend) ? asProvided(backend, String(name)) : backend));
  return { ...changed, mtls: { ...mtls, backends, skipValidation: true } as JsonObject };
}

function asProvided(backend: JsonObject, mesh: string): JsonObject {
  if (backend.type !== 'builtin') return backend;
  const secret = (part: string): JsonObject => ({ secret: `${mesh}.ca-builtin-${part}-${String(backend.name)}` });
  return { ...backend, type: 'provided', conf: { cert: secret('cert'), key: secret('key') } };
}

/** A global control plane takes over what a zone owned: the label that says so must not come along. */
function withoutOrigin(item: JsonObject, { federation }: Profile): JsonObject {
  if (!federation || !isObject(item.labels)) return item;
  const { labels, ...rest } = item;
  const { 'kuma.io/origin': _origin, ...kept } = labels as JsonObject;
  return Object.keys(kept).length > 0 ? { ...rest, labels: kept } : rest;
}
