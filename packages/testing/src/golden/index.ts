import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';

export interface GoldenOptions {
  /** Directory of the golden files. */
  readonly dir: string;
  /** Start of the names of the files: `<name>.<part>.golden.yaml`. */
  readonly name: string;
}

/** True when the run was asked to rewrite goldens (`vitest -u`). */
export function updatesGoldens(): boolean {
  const state = expect.getState() as unknown as { snapshotState?: { _updateSnapshot?: string } };
  return state.snapshotState?._updateSnapshot === 'all';
}

/**
 * Compares each part with its golden file, as YAML. A golden of a part that no longer exists is an
 * error; with `-u` files are written, and removed, instead.
 */
export function expectGolden(options: GoldenOptions, parts: Readonly<Record<string, unknown>>): void {
  const wanted = new Map(
    Object.entries(parts).map(([part, value]) => [`${options.name}.${part}.golden.yaml`, stringify(value, yamlStyle)]),
  );
  const orphans = goldenFiles(options).filter((file) => !wanted.has(file));
  if (updatesGoldens()) {
    mkdirSync(options.dir, { recursive: true });
    for (const [file, text] of wanted) writeFileSync(join(options.dir, file), text);
    for (const file of orphans) rmSync(join(options.dir, file));
    return;
  }
  expect(orphans, 'golden files without a result (run with -u)').toEqual([]);
  for (const [file, text] of wanted) expect(text, file).toBe(readGolden(options.dir, file));
}

/** Fails where the directory holds goldens of none of the given names; removes them with `-u`. */
export function expectNoOrphanGoldens(dir: string, names: readonly string[]): void {
  const orphans = listDir(dir).filter((file) => file.endsWith(SUFFIX) && !names.some((name) => isGoldenOf(file, name)));
  if (updatesGoldens()) for (const file of orphans) rmSync(join(dir, file));
  else expect(orphans, 'golden files without a case (run with -u)').toEqual([]);
}

const SUFFIX = '.golden.yaml';
const yamlStyle = { lineWidth: 0, aliasDuplicateObjects: false } as const;

function isGoldenOf(file: string, name: string): boolean {
  return file.startsWith(`${name}.`) && file.endsWith(SUFFIX) && !file.slice(name.length + 1, -SUFFIX.length).includes('.');
}

function goldenFiles({ dir, name }: GoldenOptions): string[] {
  return listDir(dir).filter((file) => isGoldenOf(file, name));
}

function listDir(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function readGolden(dir: string, file: string): string {
  try {
    return readFileSync(join(dir, file), 'utf8');
  } catch {
    return `(no golden file ${file}: run with -u)`;
  }
}
