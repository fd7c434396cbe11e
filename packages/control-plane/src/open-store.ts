import type { Logger, ResourceStore } from '@mesh/core';
import type { KumaConfig } from '@mesh/runtime';
import { MemoryResourceStore } from '@mesh/store-memory';
import { PostgresResourceStore } from '@mesh/store-postgres';

/** Opens the store the configuration names; throws MeshError with what to do where it cannot. */
export async function openStore(config: KumaConfig, log: Logger): Promise<ResourceStore> {
  const { store } = config;
  if (store.type === 'memory') {
    log.warn({}, 'resources are kept in memory: they are gone when this process ends');
    return new MemoryResourceStore({ log, audit: store.audit });
  }
  return PostgresResourceStore.open({ config: store.postgres, audit: store.audit, log });
}
