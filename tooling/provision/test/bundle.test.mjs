import { expect, test } from 'vitest';
import { asciiOnly, withoutOtherDatabases } from '../../bundle/plugins.mjs';

test('a bundle has one byte a character, and means the same', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code that holds a template.
  const code = "({ text: 'µ–…😀', μs: 1, test: /^[…–]$/.test('…'), astral: /^\\p{L}😀$/u.test('x😀'), template: `✖ ${1}` })";
  const { code: written } = asciiOnly().renderChunk(code);
  expect(written).not.toMatch(/[^\0-\xff]/);
  expect(new Function(`return ${written}`)()).toEqual(new Function(`return ${code}`)());
});

test('drivers of typeorm for other databases are left out, and that for Postgres is not', () => {
  const { id } = withoutOtherDatabases().load.filter;
  expect('/x/node_modules/typeorm/driver/mysql/MysqlDriver.js').toMatch(id);
  expect('/x/node_modules/typeorm/driver/mongodb/MongoDriver.js').toMatch(id);
  expect('/x/node_modules/typeorm/driver/postgres/PostgresDriver.js').not.toMatch(id);
  expect('/x/node_modules/typeorm/driver/DriverFactory.js').not.toMatch(id);
});
