import type { ResourceStore } from '@mesh/core';
import { afterEach, beforeEach, describe } from 'vitest';
import { describeAudit } from './audit.js';
import { describeFeed } from './feed.js';
import type { StoreFactory } from './harness.js';
import { describeInstances } from './instances.js';
import { describeLeadership } from './leadership.js';
import { describeWrites } from './writes.js';

export type { StoreFactory } from './harness.js';

/** The contract of `ResourceStore`: call it once in a test file of every implementation. */
export function describeResourceStore(name: string, factory: StoreFactory): void {
  describe(`${name} keeps the contract of ResourceStore`, () => {
    let opened: ResourceStore;
    const store = (): ResourceStore => opened;
    beforeEach(async () => {
      opened = await factory.open();
    });
    afterEach(() => opened.close());

    describeWrites(store);
    describeFeed(store);
    describeAudit(store);
    describeLeadership(store);
    const { openAnother } = factory;
    if (openAnother) describeInstances(store, { ...factory, openAnother });
  });
}
