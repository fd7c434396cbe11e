import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ResourceDraft, ResourceStore } from '@mesh/core';
import { CONTROL_PLANE_AUTHOR } from '../instance.js';

/** Insights in one transaction: a longer one would hold up the event loop. */
const BATCH_MAX = 50;

interface Waiting {
  readonly draft: ResourceDraft;
  readonly resolve: (written: { readonly revision: number }) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes the insights of many proxies together: a change that all of them are told of would be as many transactions, each
 * with its event for everybody who follows the store.
 */
export class InsightBatch {
  private waiting: Waiting[] = [];
  private writing = false;

  constructor(private readonly store: Pick<ResourceStore, 'transact'>) {}

  /** Writes it with what others put in the same turn of the event loop; one that cannot be written does not stop the others. */
  put(draft: ResourceDraft): Promise<{ readonly revision: number }> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ draft, resolve, reject });
      if (!this.writing) void this.writeAll();
    });
  }

  private async writeAll(): Promise<void> {
    this.writing = true;
    while (this.waiting.length > 0) {
      await nextTurn();
      const batch = this.waiting.splice(0, BATCH_MAX);
      await this.write(batch).catch(() => this.writeEach(batch));
    }
    this.writing = false;
  }

  private async write(batch: readonly Waiting[]): Promise<void> {
    const mutations = batch.map(({ draft }) => ({ op: 'upsert', draft }) as const);
    const written = await this.store.transact(mutations, { author: CONTROL_PLANE_AUTHOR });
    for (const { resolve } of batch) resolve(written);
  }

  /** Finds the one that spoilt a batch. */
  private async writeEach(batch: readonly Waiting[]): Promise<void> {
    for (const one of batch) await this.write([one]).catch(one.reject);
  }
}
