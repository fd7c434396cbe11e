import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences (SPDX) that let anybody use and sell what is built of a library, without opening what is built. */
export const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MPL-2.0',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/**
 * The libraries that the commands and services are made of, without what only builds or tests them: a CycloneDX document
 * (1.6), as pnpm writes it from the lock file and the manifests of the installed packages.
 */
export function billOfMaterials(root) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const args = [
    '--filter',
    './apps/*',
    'sbom',
    '--sbom-format',
    'cyclonedx',
    '--sbom-spec-version',
    '1.6',
    '--sbom-type',
    'application',
    '--prod',
  ];
  const bom = JSON.parse(
    execFileSync('pnpm', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  Object.assign(bom.metadata.component, { type: 'application', name: 'mesh', version });
  return bom;
}

/** `name@version: licence` of every library whose licence is unknown or not allowed. */
export function licenceFaults(bom) {
  return librariesOf(bom)
    .filter(({ licence }) => !isAllowed(licence))
    .map(({ name, version, licence }) => `${name}@${version}: ${licence || 'no licence'}`);
}

/** A page that lists every library with its version and licence, by licence. */
export function licenceReport(bom) {
  const libraries = librariesOf(bom);
  const licences = [...new Set(libraries.map(({ licence }) => licence))].sort();
  const sections = licences.map((licence) => {
    const rows = libraries.filter((library) => library.licence === licence).map(({ name, version }) => `- ${name} ${version}`);
    return `## ${licence || 'Unknown'}\n\n${rows.join('\n')}\n`;
  });
  return `# Licences of the ${libraries.length} libraries that are shipped\n\n${sections.join('\n')}`;
}

function librariesOf({ components }) {
  return components
    .map(({ group, name, version, licenses = [] }) => ({
      name: group ? `${group}/${name}` : name,
      version,
      licence: licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? '').join(' AND '),
    }))
    .filter(({ name }) => !name.startsWith('@mesh/'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of an SPDX expression: every part of an AND, at least one of an OR. No expression in use nests deeper than that. */
function isAllowed(expression) {
  const bare = expression.replaceAll(/[()]/g, '');
  return bare.split(' AND ').every((all) => all.split(' OR ').some((one) => ALLOWED.has(one.trim())));
}
