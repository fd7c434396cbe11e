import { displayNameOf, LABEL_K8S_NAMESPACE, LABEL_ZONE } from './labels.js';
import type { Resource } from './resource.js';

/** Parts of a Kuma resource identifier: `kri_<short>_<mesh>_<zone>_<namespace>_<name>_<section>`. */
export interface Kri {
  readonly shortName: string;
  readonly mesh: string;
  readonly zone: string;
  readonly namespace: string;
  readonly name: string;
  readonly section: string;
}

/** Formats a KRI; empty parts stay empty (contract/rest-api.md §2.3). */
export function formatKri(kri: Kri): string {
  return `kri_${kri.shortName}_${kri.mesh}_${kri.zone}_${kri.namespace}_${kri.name}_${kri.section}`;
}

/** The KRI of a resource of a kind with that short name. */
export function kriOf(shortName: string, resource: Resource<unknown, unknown>, section = ''): string {
  const { labels, mesh } = resource.meta;
  return formatKri({
    shortName,
    mesh,
    zone: labels[LABEL_ZONE] ?? '',
    namespace: labels[LABEL_K8S_NAMESPACE] ?? '',
    name: displayNameOf(resource),
    section,
  });
}

/** Parses a KRI, or returns undefined where the text is none (fewer than seven parts). */
export function parseKri(text: string): Kri | undefined {
  const parts = text.split('_');
  if (parts.length < 7 || parts[0] !== 'kri') return undefined;
  const [, shortName = '', mesh = '', zone = '', namespace = '', name = '', ...section] = parts;
  if (shortName === '' || name === '') return undefined;
  return { shortName, mesh, zone, namespace, name, section: section.join('_') };
}
