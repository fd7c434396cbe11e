import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { NameEntry } from './table.js';

const FILE = z.object({
  serial: z.number().int().nonnegative(),
  entries: z.array(z.object({ hostname: z.string(), addresses: z.array(z.string()) })),
});

/** The last known names, so that a restart while the control plane is away answers at once. */
export interface SavedTable {
  readonly serial: number;
  readonly entries: readonly NameEntry[];
}

/** Reads what an earlier run saved; undefined where there is nothing readable. */
export function loadTable(path: string): SavedTable | undefined {
  try {
    const parsed = FILE.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the file as a whole: a reader never sees half of it. */
export function saveTable(path: string, table: SavedTable): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, JSON.stringify(table), { mode: 0o600 });
  renameSync(temporary, path);
}
