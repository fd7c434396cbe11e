import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asciiOnly, withoutOtherDatabases } from '../../bundle/plugins.mjs';

test('a bundle has one byte a character, and means the same', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code that holds a template.
  const code = "({ text: 'µ–…😀', μs: 1, test: /^[…–]$/.test('…'), astral: /^\\p{L}😀$/u.test('x😀'), template: `✖ ${1}` })";
  const chunk = { type: 'chunk', fileName: 'main.js', code };
  asciiOnly().generateBundle({}, { 'main.js': chunk });
  const written = chunk.code;
  expect(written).not.toMatch(/[^\0-\xff]/);
  expect(new Function(`return ${written}`)()).toEqual(new Function(`return ${code}`)());
});

test('a file with a character of two bytes ends the build, and says which', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bundle-'));
  const fileName = 'main.js';
  const { writeBundle } = asciiOnly();
  const bundle = { [fileName]: { type: 'chunk', fileName } };
  writeFileSync(join(dir, fileName), 'const degree = "\xb0";', 'utf8');
  expect(() => writeBundle({ dir }, bundle)).not.toThrow();
  writeFileSync(join(dir, fileName), 'const dots = "…";');
  expect(() => writeBundle({ dir }, bundle)).toThrow('main.js: "…" is not escaped');
  rmSync(dir, { recursive: true });
});

test('drivers of typeorm for other databases are left out, and that for Postgres is not', () => {
  const { id } = withoutOtherDatabases().load.filter;
  expect('/x/node_modules/typeorm/driver/mysql/MysqlDriver.js').toMatch(id);
  expect('/x/node_modules/typeorm/driver/mongodb/MongoDriver.js').toMatch(id);
  expect('/x/node_modules/typeorm/driver/postgres/PostgresDriver.js').not.toMatch(id);
  expect('/x/node_modules/typeorm/driver/DriverFactory.js').not.toMatch(id);
});
