import { describe, expect, it } from 'vitest';
import { configFields, type PlacedField } from './index.js';

const INTRODUCTION = `# Configuration

Every key, as \`configFields\` of \`packages/runtime\` declares it. Written by \`pnpm gen config-docs\`; not edited by hand.

A YAML file (\`-c\`) wins over the defaults, and variables win over the file. Keys are read in any case. Durations are
written as in Go (\`500ms\`, \`10s\`, \`1h30m\`), lists in variables with commas. A secret may come as a file: \`KUMA_STORE_POSTGRES_PASSWORD_FILE\` names one that
holds the password, and so with every secret. \`--print-config\` of every service shows what
is in effect. A key whose description begins with "Accepted for Kuma" is read and printed, and changes nothing; where it
is set, a warning at start says so. A key that is not listed here is a mistake that ends the start, with the key that was
probably meant; a variable is one where it is nearly one of these.
`;

function page(): string {
  const sections = new Map<string, PlacedField[]>();
  for (const placed of configFields) {
    const name = placed.path.length === 1 ? '' : (placed.path[0] ?? '');
    sections.set(name, [...(sections.get(name) ?? []), placed]);
  }
  return [INTRODUCTION, ...[...sections].sort(([a], [b]) => (a < b ? -1 : 1)).map(table)].join('\n');
}

function table([name, fields]: readonly [string, readonly PlacedField[]]): string {
  const title = name === '' ? 'What the control plane is' : `\`${name}\``;
  return `## ${title}\n\n| key | variable | default | meaning |\n|---|---|---|---|\n${fields.map(row).join('')}`;
}

function row({ path, env, field }: PlacedField): string {
  const initial = field.secret ? '' : code(asText(field.print(field.default)));
  return `| ${[code(path.join('.')), env === undefined ? 'YAML only' : code(env), initial, meaning(field)].map(escapeCell).join(' | ')} |\n`;
}

/** What a key does, and what may be written where its type does not say it. */
function meaning({ doc, allowed }: PlacedField['field']): string {
  if (allowed === 'a text' || allowed === 'true or false') return doc;
  return `${doc} Takes ${allowed.replace(' (comma separated in the variable)', '')}.`;
}

const asText = (value: unknown): string =>
  typeof value === 'string' ? value : Array.isArray(value) ? value.join(', ') : JSON.stringify(value);
const code = (text: string): string => (text === '' ? '' : `\`${text}\``);
const escapeCell = (text: string): string => text.replaceAll('|', '\\|');

describe('docs/configuration.md', () => {
  it('says of every key what the code says', async () => {
    await expect(page()).toMatchFileSnapshot('../../../../docs/configuration.md');
  });
});
