import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMigrations, startEmbeddedPostgres } from '@mesh/store-postgres';
import type { TestProject } from 'vitest/node';
import { TEMPLATE } from './server.js';

/**
 * Global setup of a project of vitest that runs on Postgres: starts a server for it and ends it with it. The server is the
 * one in `MESH_TEST_POSTGRES_BIN` of the project's environment, the embedded one where that is not set.
 */
// biome-ignore lint/style/noDefaultExport: what vitest calls
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const binDir = project.config.env['MESH_TEST_POSTGRES_BIN'];
  const directory = mkdtempSync(join(tmpdir(), 'mesh-suite-'));
  chmodSync(directory, 0o755);
  const server = await startEmbeddedPostgres({
    dataDir: join(directory, 'data'),
    temporary: true,
    databases: [TEMPLATE],
    ...(binDir ? { binDir } : {}),
  });
  const { host, port, user, password } = server;
  await runMigrations({ host, port, user, password, dbName: TEMPLATE });
  project.provide('testPostgres', { host, port, user, password });
  return async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
}
