import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig } from './load.js';

const dir = mkdtempSync(join(tmpdir(), 'mesh-secrets-'));
const file = join(dir, 'password');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const load = (env: Record<string, string>) => loadConfig({ env });

describe('a secret as a file', () => {
  test('is what the variable would be, without the line break at its end', () => {
    writeFileSync(file, ' p\nw \n');
    const { config, warnings } = load({ KUMA_STORE_POSTGRES_PASSWORD_FILE: file });
    expect(config.store.postgres.password).toBe(' p\nw ');
    expect(warnings).toEqual([]);
  });

  test('that is missing ends the start with its path and what to do', () => {
    const missing = join(dir, 'nowhere');
    expect(() => load({ KUMA_STORE_POSTGRES_PASSWORD_FILE: missing })).toThrow(
      `KUMA_STORE_POSTGRES_PASSWORD_FILE: the secret cannot be read: ENOENT: no such file or directory, open '${missing}'; put it there`,
    );
  });

  test('that is empty, or a directory, or is given twice is a mistake', () => {
    writeFileSync(file, '\n');
    expect(() => load({ KUMA_STORE_POSTGRES_PASSWORD_FILE: file })).toThrow(/is empty; it must hold the secret/);
    expect(() => load({ KUMA_STORE_POSTGRES_PASSWORD_FILE: dir })).toThrow(/EISDIR/);
    writeFileSync(file, 'pw');
    expect(() => load({ KUMA_STORE_POSTGRES_PASSWORD_FILE: file, KUMA_STORE_POSTGRES_PASSWORD: 'other' })).toThrow(/exclude each other/);
  });

  test('is there for secrets only', () => {
    const { warnings } = load({ KUMA_GENERAL_WORK_DIR: dir, KUMA_SOMETHING_ELSE_ALTOGETHER_FILE: file });
    expect(warnings.join()).toContain('KUMA_SOMETHING_ELSE_ALTOGETHER_FILE');
  });
});
