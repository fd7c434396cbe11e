import type { DescriptorRegistry, ResourceDraft, ResourceKey, ResourceStore } from '@mesh/core';
import { CONTROL_PLANE_AUTHOR } from '../instance.js';
import type { LocalControlPlane } from '../local-control-plane.js';
import { InsightBatch } from './insight-batch.js';
import type { ProxyWriter } from './writer.js';

export interface ProxyWritesOptions {
  readonly store: ResourceStore;
  readonly registry: DescriptorRegistry;
  readonly controlPlane: LocalControlPlane;
}

/**
 * What the zone writes on behalf of its proxies: their resources by the rules of any write (labels,
 * zone tag, membership of the mesh), their insights, which nobody writes through the API, as they are.
 */
export class ProxyWrites implements ProxyWriter {
  private readonly insights: InsightBatch;

  constructor(private readonly options: ProxyWritesOptions) {
    this.insights = new InsightBatch(options.store);
  }

  async put(draft: ResourceDraft, expectedVersion?: number): Promise<{ readonly revision: number }> {
    const { registry, controlPlane } = this.options;
    if (!registry.mustGet(draft.kind).isInsight) {
      return controlPlane.putInternally({
        draft,
        author: CONTROL_PLANE_AUTHOR,
        ...(expectedVersion === undefined ? {} : { expectedVersion }),
      });
    }
    return this.insights.put(draft);
  }

  /** After a restart all proxies come with what is stored already: to ask the store about each would be two questions apiece. */
  register(draft: ResourceDraft): Promise<{ readonly revision: number }> {
    return this.options.controlPlane.putInternally({ draft, author: CONTROL_PLANE_AUTHOR, believesView: true });
  }

  async delete(key: ResourceKey): Promise<void> {
    await this.options.store.transact([{ op: 'delete', key }], { author: CONTROL_PLANE_AUTHOR });
  }
}
