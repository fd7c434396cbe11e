import type { Violations } from '@mesh/core';
import { checkPort } from '../validation/index.js';
import type { MeshMultiZoneServiceSpec } from './schema.js';

/** Rules of contract/policies.md §3 for a MeshMultiZoneService; rooted at `spec`. Kuma takes port numbers that are none. */
export function validateMeshMultiZoneService({ selector, ports }: MeshMultiZoneServiceSpec, violations: Violations): void {
  const chosen = Object.keys(selector.meshService.matchLabels ?? {}).length;
  if (chosen === 0) violations.field('selector').field('meshService').field('matchLabels').add('cannot be empty');
  for (const [i, { port }] of ports.entries()) checkPort(port, violations.field('ports').index(i).field('port'));
}
