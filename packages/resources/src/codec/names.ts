import {
  type AnyDescriptor,
  checkMeshField,
  checkName,
  isDns1035Label,
  isLabelValue,
  isQualifiedName,
  LABEL_ORIGIN,
  LABEL_WORKLOAD,
  type Violations,
} from '@mesh/core';

/** Reports a bad name, mesh or label (contract/rest-api.md §8). */
export function checkMeta(descriptor: AnyDescriptor, meta: DocumentMeta, violations: Violations): void {
  const name = checkName(meta.name, descriptor.nameLengthMax);
  if (name) violations.field('name').add(name);
  if (descriptor.scope === 'Mesh') {
    const mesh = checkMeshField(meta.mesh);
    if (mesh) violations.field('mesh').add(mesh);
  }
  for (const [key, value] of Object.entries(meta.labels)) {
    const at = violations.field('labels').key(key);
    if (!isQualifiedName(key))
      at.add('label name must be a qualified name: [prefix/]name with at most 63 characters of letters, digits, "-", "_", "."');
    if (!isLabelValue(value))
      at.add('label value must be empty or at most 63 characters of letters, digits, "-", "_", "." with alphanumeric ends');
  }
  const origin = meta.labels[LABEL_ORIGIN];
  if (origin !== undefined && origin !== 'global' && origin !== 'zone')
    violations.field('labels').key(LABEL_ORIGIN).add('must be one of: global, zone');
  const workload = meta.labels[LABEL_WORKLOAD];
  if (descriptor.kind === 'Dataplane' && workload !== undefined && !isDns1035Label(workload)) {
    violations.field('labels').key(LABEL_WORKLOAD).add('must be an RFC 1035 label of at most 63 characters');
  }
}

/** The part of a document that every kind has. */
export interface DocumentMeta {
  readonly name: string;
  /** Empty for kinds of global scope. */
  readonly mesh: string;
  readonly labels: Readonly<Record<string, string>>;
}
