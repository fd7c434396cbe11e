import { describeResourceStore } from '@mesh/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { PostgresResourceStore, type PostgresStoreConfig } from '../src/index.js';
import { installedBinDir, TestServer } from './databases.js';

const servers = [
  { name: 'embedded Postgres', binDir: undefined },
  ...(installedBinDir() ? [{ name: 'installed Postgres', binDir: installedBinDir() }] : []),
];

describe.each(servers)('$name', ({ binDir }) => {
  let server: TestServer;
  let config: PostgresStoreConfig;

  beforeAll(async () => {
    server = await TestServer.start(binDir);
  });
  afterAll(() => server.stop());

  describeResourceStore('PostgresResourceStore', {
    open: async () => {
      config = await server.database();
      return PostgresResourceStore.open({ config });
    },
    openAnother: () => PostgresResourceStore.open({ config }),
  });
});
