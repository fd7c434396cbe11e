import { join } from 'node:path';

export const REPOSITORY = join(import.meta.dirname, '../..');
/** Commands of the built checkout, and the Envoy the runner of `npm test` brought. */
export const BIN_DIR = join(import.meta.dirname, '../../bin');
export const BENCH_MAIN = join(import.meta.dirname, '../../bench/dist/main.js');
export const LAB_MAIN = join(import.meta.dirname, '../../apps/lab/dist/main.js');

/** @throws Error where the tests were not started by `npm test`. */
export function envoyPath(): string {
  const path = process.env['ENVOY_PATH'];
  if (!path) throw new Error('ENVOY_PATH is not set; run these tests with npm test');
  return path;
}

/** The fuzzer of the API. @throws Error where the tests were not started by `npm test`. */
export function schemathesisPath(): string {
  const path = process.env['MESH_SCHEMATHESIS'];
  if (!path) throw new Error('MESH_SCHEMATHESIS is not set; run these tests with npm test');
  return path;
}

/** Environment for commands a user would type. */
export function userEnv(extra: Record<string, string>): Record<string, string> {
  return { PATH: `${BIN_DIR}:${process.env['PATH'] ?? ''}`, NODE_NO_WARNINGS: '1', ...extra };
}

/** Every fault as long as the issue of faults says, as `pnpm e2e:faults` wants it. */
export function isFullRun(): boolean {
  return process.env['MESH_FAULTS'] === 'full';
}

/** Every run of the tests takes the same walk, so that a failure can be looked into; `pnpm chaos` draws another one. */
const SEED_OF_TESTS = 7;

/** What the random walk starts from. */
export function chaosSeed(): number {
  return Number(process.env['MESH_CHAOS_SEED'] ?? SEED_OF_TESTS);
}

export function chaosMinutes(): number {
  return Number(process.env['MESH_CHAOS_MINUTES'] ?? 5);
}

/** Directory of a system PostgreSQL's programs, where there is one. */
export function systemPostgres(): string | undefined {
  return process.env['MESH_POSTGRES_BIN'];
}
