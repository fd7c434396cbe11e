import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlaneHandle, Deployment } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath, REPOSITORY } from './config.js';
import { makeWorkDir } from './work-dir.js';

const DIR = join(REPOSITORY, 'deploy/observability');
const alerts = readFileSync(join(DIR, 'alerts.yaml'), 'utf8');
const dashboard = readFileSync(join(DIR, 'grafana-dashboard.json'), 'utf8');
const runbook = readFileSync(join(REPOSITORY, 'docs/guides/runbook.md'), 'utf8');

/** Metrics of Prometheus itself. */
const BUILT_IN = new Set(['up']);
const FUNCTIONS = /^(sum|max|min|rate|increase|histogram_quantile|max_over_time|min_over_time|by|and|label_values)$/;

const workDir = makeWorkDir('observability');
const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
let served: Set<string>;

beforeAll(async () => {
  const global = await deployment.launchControlPlane({ name: 'global', store: { type: 'memory' }, layout: 'services' });
  await deployment.waitForApi(global);
  const zone = await deployment.launchControlPlane({ name: 'zone-1', store: { type: 'memory' }, layout: 'services', global });
  await deployment.waitForApi(zone);
  await deployment.waitForZone(global, 'zone-1');
  served = new Set([...(await scrape(global)), ...(await scrape(zone))]);
});

afterAll(async () => {
  await deployment.stop();
  rmSync(workDir, { recursive: true, force: true });
});

/** Names of all metrics that the services of a control plane serve. */
async function scrape({ processes }: ControlPlaneHandle): Promise<string[]> {
  const texts = await Promise.all(
    processes.map(async ({ spec }) => (await fetch(`http://127.0.0.1:${spec.env['KUMA_DIAGNOSTICS_SERVER_PORT']}/metrics`)).text()),
  );
  return texts.flatMap((text) => [...text.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1] ?? ''));
}

/** Names of metrics in a PromQL expression: words outside of label matchers that are no functions. */
function metricsIn(expression: string): string[] {
  const bare = expression.replace(/\{[^}]*\}|"[^"]*"|\[[^\]]*\]|by \([^)]*\)/g, ' ');
  const words = bare.match(/[a-z_][a-z0-9_]*/g) ?? [];
  return words
    .filter((word) => !FUNCTIONS.test(word) && !/^(e9|zone|le)$/.test(word))
    .map((word) => word.replace(/_(bucket|count|sum)$/, ''));
}

function expectServed(expressions: readonly string[]): void {
  const names = [...new Set(expressions.flatMap(metricsIn))].filter((name) => !BUILT_IN.has(name));
  expect(names.length).toBeGreaterThan(8);
  expect(names.filter((name) => !served.has(name) && !served.has(`${name}_count`))).toEqual([]);
}

describe('what operators are given', () => {
  it('has alert rules of metrics that services serve', () => {
    expectServed([...alerts.matchAll(/^\s+expr: (.*)$/gm)].map((match) => match[1] ?? ''));
  });

  it('has alert rules that Prometheus takes', ({ skip }) => {
    let said: string;
    try {
      said = execFileSync('promtool', ['check', 'rules', join(DIR, 'alerts.yaml')], { encoding: 'utf8' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      process.stderr.write('SKIPPED: promtool is not installed (package prometheus)\n');
      return skip();
    }
    expect(said).toContain('SUCCESS');
  });

  it('has a dashboard of metrics that services serve', () => {
    const { panels } = JSON.parse(dashboard) as { panels: { targets: { expr: string }[] }[] };
    expectServed(panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)));
  });

  it('has a section of the runbook for every alert', () => {
    const names = [...alerts.matchAll(/alert: (\w+)/g)].map((match) => match[1] ?? '');
    const sections = [...runbook.matchAll(/^### (\w+)$/gm)].map((match) => match[1] ?? '');
    expect(sections).toEqual(names);
    const anchors = names.map((name) => name.toLowerCase());
    expect([...alerts.matchAll(/runbook.md#(\w+)/g)].filter((match) => !anchors.includes(match[1] ?? ''))).toEqual([]);
  });
});
