import { isDns1123Subdomain, type ResourceStore, Violations } from '@mesh/core';
import { tagSetsOf } from '../columns.js';
import { parseExpiration } from '../mesh/expiration.js';
import { isObject } from '../proto-json/index.js';
import type { CertificateAuthorityBackend, DataplaneSpec, MembershipRule, MeshSpec, Tags } from '../specs/index.js';
import type { MeshChange } from './facts.js';

/** Rules for a Mesh that the control plane alone checks: types of CA backends, and that the CA stays while mTLS is on. */
export function checkMeshChange({ name, spec, before }: MeshChange, violations: Violations): void {
  const at = violations.field('mtls');
  const was = before?.spec.mtls?.enabledBackend;
  const is = spec.mtls?.enabledBackend;
  if (was && is && was !== is)
    at.field('enabledBackend').add('the CA cannot be changed while mTLS is on: turn mTLS off first, then change the CA');
  spec.mtls?.backends?.forEach((backend, i) => {
    checkBackend(name, { backend, skipConf: spec.mtls?.skipValidation === true }, at.field('backends').index(i));
  });
}

function checkBackend(
  mesh: string,
  { backend, skipConf }: { backend: CertificateAuthorityBackend; skipConf: boolean },
  at: Violations,
): void {
  if (backend.type !== 'builtin' && backend.type !== 'provided') {
    at.field('type').add('could not find installed plugin for this type: available are "builtin" and "provided"');
    return;
  }
  if (backend.type === 'builtin' && !skipConf) {
    const { cert } = builtinCaSecretNames(mesh, backend.name ?? '');
    // The path is this long on the wire.
    const name = at.field('conf').field('mtls').field('backends').field('name');
    if (!backend.name || !isDns1123Subdomain(cert)) name.add(`"${backend.name ?? ''}" name must be valid dns name`);
    const expiration = isObject(backend.conf?.caCert) ? backend.conf.caCert.expiration : undefined;
    if (expiration !== undefined && expiration !== '' && parseExpiration(String(expiration)) === undefined) {
      at.field('conf').field('caCert').field('expiration').add('has to be a valid format');
    }
  }
}

/** Names of the secrets that hold a builtin CA. */
export function builtinCaSecretNames(mesh: string, backend: string): { readonly cert: string; readonly key: string } {
  return { cert: `${mesh}.ca-builtin-cert-${backend}`, key: `${mesh}.ca-builtin-key-${backend}` };
}

/** Names of the secrets of a mesh that its CA backends read, with the backend. */
export function secretsOfMesh(mesh: string, spec: MeshSpec): ReadonlyMap<string, string> {
  const used = new Map<string, string>();
  for (const { name = '', type, conf } of spec.mtls?.backends ?? []) {
    const names = type === 'builtin' ? Object.values(builtinCaSecretNames(mesh, name)) : [conf?.cert, conf?.key].map(secretOf);
    for (const each of names) if (each !== undefined) used.set(each, name);
  }
  return used;
}

function secretOf(source: unknown): string | undefined {
  return isObject(source) && typeof source.secret === 'string' && source.secret !== '' ? source.secret : undefined;
}

/** Reports Dataplanes that the constraints of the mesh keep out. */
export function checkMembership(
  mesh: { readonly name: string; readonly spec: MeshSpec },
  spec: DataplaneSpec,
  violations: Violations,
): void {
  const { requirements = [], restrictions = [] } = mesh.spec.constraints?.dataplaneProxy ?? {};
  if (requirements.length === 0 && restrictions.length === 0) return;
  tagSetsOf(spec).forEach((tags, i) => {
    const at = violations.field('networking');
    const here = (spec.networking?.gateway ? at.field('gateway') : at.field('inbound').index(i)).field('tags');
    if (requirements.length > 0 && !requirements.some((rule) => matches(rule, tags))) {
      here.add(`dataplane cannot be a member of mesh "${mesh.name}" because its tags do not meet any of the mesh's requirements`);
    }
    const restriction = restrictions.findIndex((rule) => matches(rule, tags));
    if (restriction >= 0) here.add(`dataplane cannot be a member of mesh "${mesh.name}" because its tags match restriction ${restriction}`);
  });
}

function matches(rule: MembershipRule, tags: Tags): boolean {
  return Object.entries(rule.tags ?? {}).every(([key, value]) => tags[key] !== undefined && (value === '*' || tags[key] === value));
}

/** Reports what still needs a Mesh that is to be deleted. */
export async function checkMeshUnused(name: string, store: ResourceStore, violations: Violations): Promise<void> {
  const members = await store.list({ kind: 'Dataplane', mesh: name });
  if (members.length > 0) violations.field('mesh').add(`unable to delete mesh, there are still ${members.length} dataplanes attached`);
}
