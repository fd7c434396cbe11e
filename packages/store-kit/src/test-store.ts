import { randomBytes } from 'node:crypto';
import type { Clock, ResourceStore } from '@mesh/core';
import { MemoryResourceStore } from '@mesh/store-memory';
import { PostgresResourceStore, type PostgresStoreConfig } from '@mesh/store-postgres';
import pg from 'pg';
import { inject } from 'vitest';
import { TEMPLATE, type TestPostgres } from './server.js';

export interface TestStoreOptions {
  readonly clock?: Clock;
}

/** An empty store of the sort that the project of the running test is for. */
export async function openTestStore(options: TestStoreOptions = {}): Promise<ResourceStore> {
  const config = await newDatabase();
  return config ? PostgresResourceStore.open({ config, ...options }) : new MemoryResourceStore(options);
}

/** Settings of a control plane whose store is an empty one of that sort. */
export async function testStoreEnv(): Promise<Record<string, string>> {
  const config = await newDatabase();
  if (!config) return { KUMA_STORE_TYPE: 'memory' };
  return {
    KUMA_STORE_TYPE: 'postgres',
    KUMA_STORE_POSTGRES_HOST: config.host,
    KUMA_STORE_POSTGRES_PORT: String(config.port),
    KUMA_STORE_POSTGRES_USER: config.user,
    KUMA_STORE_POSTGRES_PASSWORD: config.password,
    KUMA_STORE_POSTGRES_DB_NAME: config.dbName,
  };
}

/** A database with the schema in place; undefined where the project has no Postgres. */
async function newDatabase(): Promise<PostgresStoreConfig | undefined> {
  const server = inject('testPostgres');
  if (!server) return undefined;
  const dbName = `t_${randomBytes(6).toString('hex')}`;
  await run(server, `CREATE DATABASE ${dbName} TEMPLATE ${TEMPLATE}`);
  return { ...server, dbName, maxOpenConnections: 5 };
}

async function run({ host, port, user, password }: TestPostgres, sql: string): Promise<void> {
  const client = new pg.Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
