import type { TargetRefKind, Violations } from '@mesh/core';
import { checkFromOrRules } from '../sdk/inbound-rules.js';
import { checkTargetRef, FROM_DEPRECATED, topKindDeprecations } from '../sdk/target-ref.js';
import type { MeshTlsSpec, TlsConf } from './schema.js';

const TOP: readonly TargetRefKind[] = ['Mesh', 'MeshSubset', 'Dataplane'];
const VERSIONS = ['TLSAuto', 'TLS10', 'TLS11', 'TLS12', 'TLS13'];

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshTls(spec: MeshTlsSpec, violations: Violations): void {
  const inbounds = spec.from !== undefined || spec.rules !== undefined;
  checkTargetRef(spec.targetRef, { kinds: TOP, sectionName: inbounds }, violations.field('targetRef'));
  checkFromOrRules(spec, violations);
  const wholeMesh = spec.targetRef === undefined || spec.targetRef.kind === 'Mesh';
  for (const [i, entry] of (spec.from ?? []).entries()) {
    const at = violations.field('from').index(i);
    checkTargetRef(entry.targetRef, { kinds: ['Mesh'] }, at.field('targetRef'));
    checkConf(entry.default, wholeMesh, at.field('default'));
  }
  for (const [i, rule] of (spec.rules ?? []).entries())
    checkConf(rule.default, wholeMesh, violations.field('rules').index(i).field('default'));
}

/** What a user is told about an accepted document. */
export function meshTlsDeprecations(spec: MeshTlsSpec): string[] {
  return [...topKindDeprecations(spec.targetRef), ...(spec.from ? [FROM_DEPRECATED] : [])];
}

/** Both ends have to speak the same: versions and ciphers are for the whole mesh. */
function checkConf({ tlsVersion, tlsCiphers }: TlsConf, wholeMesh: boolean, at: Violations): void {
  const elsewhere = (field: string) => at.field(field).add(`${field} can only be defined with top level targetRef kind: Mesh`);
  if (tlsCiphers && !wholeMesh) elsewhere('tlsCiphers');
  if (!tlsVersion) return;
  if (!wholeMesh) elsewhere('tlsVersion');
  const { min, max } = tlsVersion;
  if (min !== 'TLSAuto' && max !== 'TLSAuto' && VERSIONS.indexOf(min) > VERSIONS.indexOf(max)) {
    at.field('tlsVersion').field('min').add('min version must be lower than max');
  }
}
