import type { Leadership, ResourceStore } from '@mesh/core';

/** Leadership of the only candidate there is. */
export function elected(store: ResourceStore): Promise<Leadership> {
  return new Promise((resolve) => {
    store.lead('main', async (leadership) => resolve(leadership));
  });
}
