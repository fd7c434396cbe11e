import 'reflect-metadata';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@mesh/store-postgres';
import { describe, expect, it, vi } from 'vitest';
import { kumaCp } from '../src/program.js';

async function invoke(argv: string[], env: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const code = await kumaCp({ argv, env: { HOME: '/nowhere', ...env }, write: (text) => (out += text) });
    return { code, out, err: stderr.mock.calls.map(([text]) => String(text)).join('') };
  } finally {
    stderr.mockRestore();
  }
}

describe('kuma-cp', () => {
  it('prints help and ends with 0 where nothing is asked', async () => {
    const { code, out } = await invoke([]);
    expect(code).toBe(0);
    expect(out).toMatch(/run.*migrate.*version/s);
  });

  it('prints one line for version and five with -a', async () => {
    expect(await invoke(['version'])).toEqual({ code: 0, out: 'Kuma: 2.14.3\n', err: '' });
    for (const flag of ['-a', '--detailed']) {
      const { out } = await invoke(['version', flag]);
      expect(out.split('\n').slice(0, 2)).toEqual(['Product:       Kuma', 'Version:       2.14.3']);
      expect(out.trimEnd().split('\n')).toHaveLength(5);
    }
  });

  it.each([[['--print-config']], [['run', '--print-config']]])('prints the effective configuration with %j', async (argv) => {
    const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const { code, out } = await invoke(argv, { KUMA_MODE: 'standalone', KUMA_STORE_POSTGRES_PASSWORD: 'hunter2' });
    const text = out + stdout.mock.calls.map(([chunk]) => String(chunk)).join('');
    stdout.mockRestore();
    expect(code).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ mode: 'zone', store: { postgres: { password: '*****' } } });
  });

  it.each([
    ['an unknown command', ['fly'], {}, /fly/],
    ['an unknown flag', ['run', '--fast'], {}, /--fast/],
    ['an unknown log level', ['run', '--log-level', 'loud'], {}, /loud/],
    ['a missing file', ['run', '-c', '/nowhere.yaml'], {}, /nowhere\.yaml/],
    ['wrong variables', ['run'], { KUMA_MODE: 'both', KUMA_DP_SERVER_PORT: 'x' }, /KUMA_MODE.*KUMA_DP_SERVER_PORT/s],
    ['a memory store to migrate', ['migrate', 'up'], {}, /nothing to migrate/],
    ['migrate without a direction', ['migrate'], {}, /migrate up/],
    ['a database that is away', ['migrate', 'up'], { KUMA_STORE_TYPE: 'postgres', KUMA_STORE_POSTGRES_PORT: '1' }, /cannot be reached/],
  ])('ends with 1 and says why for %s', async (...[, argv, env, reason]) => {
    const { code, err } = await invoke(argv, env);
    expect(code).toBe(1);
    expect(err).toMatch(reason);
  });

  it('migrates an empty database, and takes a migrated one for success', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mesh-migrate-'));
    chmodSync(directory, 0o755);
    const postgres = await startEmbeddedPostgres({ dataDir: join(directory, 'data'), temporary: true, databases: ['kuma'] });
    const env = {
      KUMA_STORE_TYPE: 'postgres',
      KUMA_STORE_POSTGRES_PORT: String(postgres.port),
      KUMA_STORE_POSTGRES_PASSWORD: postgres.password,
    };
    expect(await invoke(['migrate', 'up'], env)).toMatchObject({ code: 0, out: expect.stringContaining('Migrated database "kuma"') });
    expect(await invoke(['migrate', 'up'], env)).toMatchObject({ code: 0, out: expect.stringContaining('up to date') });
    await postgres.stop();
    rmSync(directory, { recursive: true });
  });
});
