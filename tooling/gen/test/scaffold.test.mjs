import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkIndexes } from '../src/indexes.mjs';
import { scaffold } from '../src/scaffold.mjs';
import { templates } from '../src/templates/index.mjs';
import { copyOfPackages, installApp, lintFaults, runTests, typeErrors } from './copy.mjs';

let copy;
beforeAll(() => {
  copy = copyOfPackages();
});
afterAll(() => copy.remove());

describe.each([
  { what: 'kind', name: 'mesh-sample-kind', pkg: 'packages/resources', folder: 'src/mesh-sample-kind', camel: 'meshSampleKind' },
  { what: 'policy', name: 'mesh-sample-rule', pkg: 'packages/policies', folder: 'src/mesh-sample-rule', camel: 'meshSampleRule' },
])('a scaffolded $what', ({ what, name, pkg, folder, camel }) => {
  let written;
  beforeAll(() => {
    written = scaffold(copy.dir, templates[what], name);
  });

  test('touches its own folder and generated files only', () => {
    const own = written.filter((path) => path.startsWith(`${pkg}/${folder}/`));
    expect(own.length).toBeGreaterThanOrEqual(5);
    expect(written.filter((path) => !own.includes(path) && !path.endsWith('.gen.ts'))).toEqual([]);
  });

  test('is listed', () => {
    const index = readFileSync(join(copy.dir, pkg, 'src/index.gen.ts'), 'utf8');
    expect(index).toContain(`import { ${camel} } from './${name}/index.js';`);
    expect(checkIndexes(copy.dir)).toEqual([]);
  });

  test('compiles', () => {
    expect(typeErrors(copy.dir, pkg, folder)).toEqual([]);
  });

  test('passes its own tests once its goldens are written', () => {
    runTests(copy.dir, pkg, folder, '-u');
    const { passed, fault } = runTests(copy.dir, pkg, folder);
    expect(fault).toBe('');
    expect(passed).toBeGreaterThan(0);
  });

  test('is clean to the linter', () => {
    expect(lintFaults(copy.dir, [`${pkg}/${folder}`])).toBe('');
  });

  test('is never written over', () => {
    expect(() => scaffold(copy.dir, templates[what], name)).toThrow('exists already');
  });
});

describe('a scaffolded app', () => {
  let written;
  beforeAll(() => {
    written = scaffold(copy.dir, templates.app, 'sample-service');
    installApp(copy.dir, 'sample-service');
  });

  test('is one folder and one executable', () => {
    const outside = written.filter((path) => !path.startsWith('apps/sample-service/') && !path.endsWith('.gen.ts'));
    expect(outside).toEqual(['bin/sample-service']);
    expect(statSync(join(copy.dir, 'bin/sample-service')).mode & 0o111).not.toBe(0);
  });

  test('compiles', () => {
    expect(typeErrors(copy.dir, 'apps/sample-service', '')).toEqual(['']);
  });

  test('starts and stops', () => {
    expect(runTests(copy.dir, 'apps/sample-service', 'test')).toEqual({ passed: 1, fault: '' });
  });

  test('is clean to the linter', () => {
    expect(lintFaults(copy.dir, ['apps/sample-service', 'bin/sample-service'])).toBe('');
  });
});

test('the example of a scaffolded policy shows in its goldens, and the refused one says why', () => {
  const dir = join(copy.dir, 'packages/policies/src/mesh-sample-rule/testdata');
  expect(readFileSync(join(dir, 'to-a-service.cluster.golden.yaml'), 'utf8')).toContain('connectTimeout: 1.500s');
  expect(readFileSync(join(dir, 'invalid/not-positive.violations.golden.yaml'), 'utf8')).toContain('spec.to[0].default.connectTimeout');
});

test('a name that is not kebab-case is refused and nothing is written', () => {
  expect(() => scaffold(copy.dir, templates.kind, 'MeshThing')).toThrow('not a kebab-case name');
  expect(existsSync(join(copy.dir, 'packages/resources/src/MeshThing'))).toBe(false);
});
