import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { committedFiles } from '../files.mjs';

/** What may stand at the top of the repository. */
const ROOT_ENTRIES = new Set(
  `.ci .dependency-cruiser.mjs .dockerignore .editorconfig .gitattributes .github .gitignore .npmrc CHANGELOG.md CONTRIBUTING.md Dockerfile LICENSE
  README.md apps bench bin biome.json deploy docker-compose.yml docs knip.json package.json packages pnpm-lock.yaml pnpm-workspace.yaml
  proto test-e2e tooling turbo.json`.split(/\s+/),
);

/** Nothing is left at the root by accident. */
export function checkRootEntries(root) {
  const found = new Set(committedFiles(root).map((file) => file.split('/')[0]));
  return [...found].filter((entry) => !ROOT_ENTRIES.has(entry)).map((entry) => `${entry} does not belong at the root`);
}

const ADR_NAME = /^\d{4}-\d{2}-\d{2}-([a-z0-9]+(?:-[a-z0-9]+)*)\.md$/;
const ADR_SECTIONS = ['Context', 'Decision', 'Consequences'];

/** Decisions are named by date and subject, once each, and say why, what and what follows. */
export function checkDecisions(root) {
  const dir = join(root, 'docs/adr');
  const names = existsSync(dir) ? readdirSync(dir) : [];
  const slugs = names.map((name) => ADR_NAME.exec(name)?.[1]);
  return names.flatMap((name, i) => {
    if (slugs[i] === undefined) return [`docs/adr/${name}: must be named YYYY-MM-DD-subject.md`];
    if (slugs.indexOf(slugs[i]) !== i) return [`docs/adr/${name}: another decision has this subject`];
    const text = readFileSync(join(dir, name), 'utf8');
    return ADR_SECTIONS.filter((section) => !text.includes(`\n## ${section}\n`)).map(
      (section) => `docs/adr/${name}: has no section ${section}`,
    );
  });
}

const POLICY_FILES = ['index.ts', 'schema.ts', 'README.md'];

/** Every policy folder has all that makes it a policy. */
export function checkPolicyFolders(root) {
  const dir = join(root, 'packages/policies/src');
  if (!existsSync(dir)) return [];
  const folders = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'sdk');
  return folders.flatMap(({ name }) => {
    const files = readdirSync(join(dir, name));
    const missing = POLICY_FILES.filter((file) => !files.includes(file)).map((file) => `packages/policies/src/${name}: has no ${file}`);
    return files.some((file) => file.endsWith('.test.ts')) ? missing : [...missing, `packages/policies/src/${name}: has no test`];
  });
}
