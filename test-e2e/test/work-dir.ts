import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new directory other users may pass through (Postgres runs as one). */
export function makeWorkDir(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `mesh-e2e-${name}-`));
  chmodSync(dir, 0o711);
  return dir;
}
