import { isDns1123Subdomain, messageOf, type Violations } from '@mesh/core';
import { renderTemplate } from '../plugin/index.js';
import type { HostnameGeneratorSpec } from './schema.js';

/** Stands for a service while a template is tried. */
const STUB = { Name: 'name', DisplayName: 'displayname', Namespace: 'namespace', Mesh: 'mesh', Zone: 'zone' };

/** Rules of contract/policies.md §3 for a HostnameGenerator; rooted at `spec`. */
export function validateHostnameGenerator({ selector = {}, template }: HostnameGeneratorSpec, violations: Violations): void {
  const chosen = Object.values(selector).filter((each) => each !== undefined).length;
  if (chosen !== 1)
    violations.field('selector').add('exact one selector (meshService, meshExternalService, meshMultiZoneService) must be defined');
  const at = violations.field('template');
  if (template === '') {
    at.add('must not be empty');
    return;
  }
  try {
    const name = renderTemplate(template, { fields: STUB, label: () => 'label' });
    if (!isDns1123Subdomain(name))
      at.add(`template renders to "${name}" which is not a valid DNS name: an RFC 1123 subdomain of at most 253 characters`);
  } catch (error) {
    at.add(messageOf(error));
  }
}
