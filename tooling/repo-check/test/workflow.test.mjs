import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = resolve(import.meta.dirname, '../../..');
const text = readFileSync(join(root, '.github/workflows/ci.yaml'), 'utf8');
const { jobs } = parse(text);
const steps = Object.values(jobs).flatMap((job) => job.steps);

/** What GitHub's own parser finds wrong in a workflow. */
async function faultsOf(content) {
  const { context, value } = parseWorkflow({ name: 'ci.yaml', content }, new NoOperationTraceWriter());
  if (value) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
}

test('the workflow is one that GitHub takes', async () => {
  expect(await faultsOf(text)).toEqual([]);
});

test.each([
  ['an unknown key', 'runs-on:', 'runs-onn:'],
  ['an unknown context', 'matrix.node', 'matrx.node'],
  ['an unknown function', 'if: failure()', 'if: failur()'],
  ['a job that waits for one that is not there', 'runs-on:', 'needs: [nobody]\n    runs-on:'],
])('%s is found', async (_, right, wrong) => {
  expect(text).toContain(right);
  expect(await faultsOf(text.replace(right, wrong))).not.toEqual([]);
});

test('it runs what .ci/run runs, on the oldest Node that is supported and on that of the images', () => {
  expect(jobs.test.steps.some(({ run = '' }) => run.endsWith('bash .ci/run'))).toBe(true);
  const image = /NODE_IMAGE=node:(\d+)-/.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))?.[1];
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(jobs.test.strategy.matrix.node).toEqual([/\d+/.exec(engines.node)?.[0], image]);
});

test('what it runs by npm is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const called = steps.flatMap(({ run = '' }) => [...run.matchAll(/npm run (\S+)/g)].map(([, name]) => name));
  expect(called).toEqual(['build', 'sbom', 'package']);
  for (const name of called) expect(scripts).toHaveProperty(name);
});

test('bill of materials, licences and packages are kept as artefacts', () => {
  const { with: kept } = jobs.artefacts.steps.find(({ uses = '' }) => uses.startsWith('actions/upload-artifact@'));
  expect(kept).toMatchObject({ path: 'out/', 'if-no-files-found': 'error' });
});

test('it builds every image of the Dockerfile for both platforms', () => {
  expect(jobs.images.steps.at(-1).run).toBe('docker buildx bake --file deploy/docker-bake.json');
  const { group, target } = JSON.parse(readFileSync(join(root, 'deploy/docker-bake.json'), 'utf8'));
  const titled = [...readFileSync(join(root, 'Dockerfile'), 'utf8').matchAll(/image\.title="([^"]+)"/g)].map(([, title]) => title);
  expect([...group.default.targets].sort()).toEqual([...titled].sort());
  expect(target.image.platforms).toEqual(['linux/amd64', 'linux/arm64']);
  for (const name of titled) expect(target[name]).toEqual({ inherits: ['image'], target: name, tags: [`mesh/${name}:dev`] });
});
