import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { billOfMaterials, licenceFaults, licenceReport } from '../src/materials.mjs';

const bom = billOfMaterials(resolve(import.meta.dirname, '../../..'));

test('every library that is shipped may be used commercially', () => {
  expect(licenceFaults(bom)).toEqual([]);
});

test('the bill of materials names what services are made of, and nothing that only builds or tests them', () => {
  const names = bom.components.map(({ group, name }) => (group ? `${group}/${name}` : name));
  expect(names).toEqual(expect.arrayContaining(['@grpc/grpc-js', 'fastify', 'pg', '@nestjs/core']));
  for (const tool of ['vitest', 'turbo', 'knip', '@biomejs/biome']) expect(names).not.toContain(tool);
});

test.each(['GPL-3.0-only', 'SSPL-1.0', 'MIT AND AGPL-3.0-only', ''])('a library under "%s" is named as a fault', (expression) => {
  const licenses = expression ? [{ expression }] : [];
  const components = [
    { name: 'fine', version: '1.0.0', licenses: [{ license: { id: 'MIT' } }] },
    { name: 'odd', version: '2.0.0', licenses },
  ];
  expect(licenceFaults({ components })).toEqual([`odd@2.0.0: ${expression || 'no licence'}`]);
});

test('a choice of licences is fine where one of them is', () => {
  const components = [{ group: '@a', name: 'b', version: '1.0.0', licenses: [{ expression: '(MIT OR GPL-2.0-only)' }] }];
  expect(licenceFaults({ components })).toEqual([]);
});

test('the report lists every library under its licence', () => {
  const components = [
    { name: 'b', version: '1.0.0', licenses: [{ license: { id: 'MIT' } }] },
    { name: 'a', version: '2.0.0', licenses: [{ license: { id: 'ISC' } }] },
  ];
  expect(licenceReport({ components })).toBe(
    '# Licences of the 2 libraries that are shipped\n\n## ISC\n\n- a 2.0.0\n\n## MIT\n\n- b 1.0.0\n',
  );
});
