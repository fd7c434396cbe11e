import type { Violations } from '@mesh/core';
import { checkPort } from '../validation/index.js';
import type { MeshServiceSpec } from './schema.js';

const PROTOCOLS: ReadonlySet<string> = new Set(['grpc', 'http', 'http2', 'kafka', 'tcp', 'tls', 'mysql']);

/** Rules of contract/policies.md §3 for a MeshService; rooted at `spec`. Kuma takes port numbers that are none. */
export function validateMeshService(spec: MeshServiceSpec, violations: Violations): void {
  const { dataplaneTags, dataplaneRef, dataplaneLabels } = spec.selector;
  if ([dataplaneTags, dataplaneRef, dataplaneLabels].filter((each) => each !== undefined).length > 1)
    violations.field('selector').add('must specify only one of: dataplaneTags, dataplaneRef, or dataplaneLabels');
  for (const [i, { port, targetPort }] of (spec.ports ?? []).entries()) {
    const at = violations.field('ports').index(i);
    checkPort(port, at.field('port'));
    if (typeof targetPort === 'number') checkPort(targetPort, at.field('targetPort'));
  }
}

/** Warnings for what is taken for something else. */
export function meshServiceDeprecations({ ports }: Pick<MeshServiceSpec, 'ports'>): string[] {
  return (ports ?? []).flatMap(({ appProtocol }, i) =>
    PROTOCOLS.has(appProtocol.toLowerCase()) ? [] : [`spec.ports[${i}].appProtocol: "${appProtocol}" is not known and taken for tcp`],
  );
}
