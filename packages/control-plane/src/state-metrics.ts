import type { DescriptorRegistry, ResourceView } from '@mesh/core';
import type { Metrics } from '@mesh/runtime';

/** Metrics of the state of a control plane. */
export interface StateMetrics {
  /** Whether this instance leads. */
  leads(leading: boolean): void;
  stop(): void;
}

/** `leader` and `resources_count`, the latter counted when somebody asks (contract/rest-api.md §7). */
export function stateMetrics(metrics: Metrics, { view, registry }: { view: ResourceView; registry: DescriptorRegistry }): StateMetrics {
  const leader = metrics.gauge({ name: 'leader', help: '1 where this instance does the work of the leader.' });
  const resources = metrics.gauge({ name: 'resources_count', help: 'Resources by type.', labels: ['resource_type'] });
  leader.set(0);
  const subscription = metrics.onScrape(() => {
    for (const { kind } of registry.all) resources.set({ resource_type: kind }, view.count(kind));
  });
  return { leads: (leading) => leader.set(leading ? 1 : 0), stop: () => subscription.unsubscribe() };
}
