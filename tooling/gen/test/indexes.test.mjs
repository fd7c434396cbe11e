import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkIndexes, writeIndexes } from '../src/indexes.mjs';
import { spellings } from '../src/names.mjs';

const KINDS = 'packages/resources/src/index.gen.ts';
const POLICY_KINDS = 'packages/policies/src/kinds.gen.ts';
const POLICIES = 'packages/policies/src/index.gen.ts';

let dir;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mesh-index-'));
  put('packages/policies/src/index.ts', '');
  put('packages/resources/src/zone/index.ts', 'export const zone = defineKind({});\n');
  put('packages/resources/src/codec/index.ts', 'export const parse = 1;\n');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function put(path, text) {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

const read = (path) => readFileSync(join(dir, path), 'utf8');

test('an index lists the folders that export a constant of their name, sorted, and no others', () => {
  put('packages/resources/src/mesh-http-route/index.ts', 'export const meshHTTPRoute: X = defineKind({});\n');
  writeIndexes(dir);
  expect(read(KINDS)).toContain("import { meshHTTPRoute } from './mesh-http-route/index.js';\nimport { zone } from './zone/index.js';\n");
  expect(read(KINDS)).toContain('= [\n  meshHTTPRoute,\n  zone,\n];');
  expect(read(KINDS)).not.toContain('codec');
});

test('a fresh index passes the check, and a new folder or a hand edit makes it stale', () => {
  expect(checkIndexes(dir)).toEqual([KINDS, POLICY_KINDS, POLICIES]);
  writeIndexes(dir);
  expect(checkIndexes(dir)).toEqual([]);
  put('packages/resources/src/mesh/index.ts', 'export const mesh = defineKind({});\n');
  expect(checkIndexes(dir)).toEqual([KINDS]);
  writeIndexes(dir);
  put(POLICIES, `${read(POLICIES)}// edited\n`);
  expect(checkIndexes(dir)).toEqual([POLICIES]);
});

test('a descriptor that is not named like its folder is refused, not left out', () => {
  put('packages/resources/src/mesh/index.ts', 'export const other = defineKind({});\n');
  expect(() => writeIndexes(dir)).toThrow('packages/resources/src/mesh/index.ts exports no constant named like its folder');
});

test('policies are listed twice: with their effect, and without', () => {
  put('packages/policies/src/mesh-a/kind.ts', 'export const meshAKind = defineKind({});\n');
  put('packages/policies/src/mesh-a/index.ts', 'export const meshA = definePolicy({});\n');
  writeIndexes(dir);
  expect(read(POLICY_KINDS)).toContain("import { meshAKind } from './mesh-a/kind.js';\n");
  expect(read(POLICY_KINDS)).toContain('= [\n  meshAKind,\n];');
  expect(read(POLICIES)).toContain('= [\n  meshA,\n];');
});

test('a policy whose descriptor cannot be had without its effect is refused', () => {
  put('packages/policies/src/mesh-a/index.ts', 'export const meshA = definePolicy({});\n');
  expect(() => writeIndexes(dir)).toThrow('packages/policies/src/mesh-a/kind.ts exports no constant named like its folder and Kind');
});

test('names are spelled as the field spells them', () => {
  expect(spellings('mesh-http-route')).toMatchObject({
    camel: 'meshHttpRoute',
    kind: 'MeshHTTPRoute',
    words: 'Mesh HTTP Route',
    plural: 'meshhttproutes',
  });
  expect(spellings('mesh-proxy-policy').plural).toBe('meshproxypolicies');
  expect(spellings('mesh-access').plural).toBe('meshaccesses');
});
