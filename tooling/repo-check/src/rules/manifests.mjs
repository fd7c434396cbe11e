import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readWorkspace } from '../workspace.mjs';

/** Roles a package of a family may have. */
const ROLES = {
  apps: ['app'],
  packages: ['domain', 'contract', 'adapter', 'runtime', 'service', 'test'],
  tooling: ['tooling'],
  'test-e2e': ['e2e'],
  bench: ['bench'],
};

const SCRIPTS = ['build', 'typecheck', 'test'];

/** Every package has a README, a role of its family, its name from its folder, the usual scripts, and versions from the catalog. */
export function checkManifests(root) {
  return readWorkspace(root).flatMap((pkg) => [
    ...identityFaults(pkg),
    ...readmeFaults(root, pkg),
    ...scriptFaults(pkg),
    ...versionFaults(pkg),
  ]);
}

function identityFaults({ dir, name, role, manifest }) {
  const [family] = dir.split('/');
  const wanted = `@mesh/${dir.split('/').at(-1)}`;
  const faults = [];
  if (name !== wanted) faults.push(`${dir}: the name is ${name}, wanted ${wanted}`);
  if (!ROLES[family].includes(role)) faults.push(`${dir}: mesh.role is ${role}, wanted one of ${ROLES[family].join(', ')}`);
  if (manifest.private !== true) faults.push(`${dir}: must be private`);
  if (manifest.type !== 'module') faults.push(`${dir}: must be of type module`);
  if (!manifest.description) faults.push(`${dir}: needs a description`);
  return faults;
}

function readmeFaults(root, { dir }) {
  const file = join(root, dir, 'README.md');
  if (!existsSync(file)) return [`${dir}: has no README.md`];
  const text = readFileSync(file, 'utf8');
  const body = text.split('\n').slice(1).join('').trim();
  if (!text.startsWith('# ')) return [`${dir}/README.md: must begin with a title`];
  return body.length < 20 ? [`${dir}/README.md: says nothing`] : [];
}

function scriptFaults({ dir, manifest }) {
  if (!/^(apps|packages)\//.test(dir)) return [];
  return SCRIPTS.filter((script) => !manifest.scripts?.[script]).map((script) => `${dir}: has no script "${script}"`);
}

function versionFaults({ dir, manifest }) {
  return ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'].flatMap((field) =>
    Object.entries(manifest[field] ?? {})
      .filter(([name, version]) => version !== (name.startsWith('@mesh/') ? 'workspace:*' : 'catalog:'))
      .map(([name, version]) => `${dir}: ${name} is "${version}", wanted ${name.startsWith('@mesh/') ? 'workspace:*' : 'catalog:'}`),
  );
}
