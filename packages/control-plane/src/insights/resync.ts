import {
  type DescriptorRegistry,
  jsonEqual,
  type Leadership,
  type Logger,
  type Mutation,
  messageOf,
  type Resource,
  type ResourceStore,
  type ResourceView,
  type ViewChange,
} from '@mesh/core';
import { Coalescer } from '../coalesce.js';
import { CONTROL_PLANE_AUTHOR } from '../instance.js';
import { aborted } from '../leader.js';
import { meshInsightInSteps } from './mesh-insight.js';
import { matters } from './relevance.js';
import { serviceInsightInSteps, serviceInsightName } from './service-insight.js';
import { inSlices } from './steps.js';

export interface InsightsResyncOptions {
  readonly store: ResourceStore;
  readonly view: ResourceView;
  readonly registry: DescriptorRegistry;
  readonly leadership: Leadership;
  /** Shortest time between two writes (KUMA_METRICS_MESH_MIN_RESYNC_INTERVAL). */
  readonly minIntervalMs: number;
  readonly log: Logger;
}

/**
 * Keeps ServiceInsight and MeshInsight of every mesh (contract/kds.md §6): follows the view, works on
 * meshes that changed, writes what differs. Leader work of a global and of a zone without one.
 * Resolves when leadership ends.
 */
export async function resyncInsights(options: InsightsResyncOptions): Promise<void> {
  const { view, leadership, log } = options;
  const dirty = new Set(view.list('Mesh').map((mesh) => mesh.meta.name));
  const coalescer = new Coalescer({
    intervalMs: options.minIntervalMs,
    work: async () => {
      const meshes = [...dirty];
      dirty.clear();
      for (const mesh of meshes) await resyncMesh(options, mesh).catch((error: unknown) => retry(mesh, error));
    },
    onError: (error) => log.error({ err: messageOf(error) }, 'insights could not be written'),
  });
  const retry = (mesh: string, error: unknown): void => {
    if (leadership.signal.aborted) return;
    dirty.add(mesh);
    coalescer.trigger();
    log.warn({ mesh, err: messageOf(error) }, 'insights of a mesh could not be written; trying again');
  };
  const subscription = view.subscribe((event) => {
    for (const change of event.changes) if (matters(options.registry, change)) dirty.add(meshOf(change));
    if (dirty.size > 0) coalescer.trigger();
  });
  coalescer.trigger();
  await aborted(leadership.signal);
  subscription.unsubscribe();
  await coalescer.stop();
}

async function resyncMesh(options: InsightsResyncOptions, mesh: string): Promise<void> {
  const { store, view, registry, leadership } = options;
  if (!view.find('Mesh', '', mesh)) return;
  const owner = { kind: 'Mesh', mesh: '', name: mesh };
  // Both go over all proxies of the mesh. What changes meanwhile makes the mesh dirty again.
  const services = await inSlices(serviceInsightInSteps(view, mesh));
  const counters = await inSlices(meshInsightInSteps({ view, registry, mesh, services }));
  const drafts = [
    { kind: 'ServiceInsight', mesh, name: serviceInsightName(mesh), spec: services, owner },
    { kind: 'MeshInsight', mesh: '', name: mesh, spec: counters, owner },
  ];
  const mutations: Mutation[] = drafts
    .filter((draft) => !jsonEqual(view.get(draft)?.spec, draft.spec))
    .map((draft) => ({ op: 'upsert', draft: { ...draft, labels: labelsOf(view.get(draft)) } }));
  if (mutations.length > 0) await store.transact(mutations, { author: CONTROL_PLANE_AUTHOR, fence: leadership.fence });
}

function labelsOf(stored: Resource | undefined): Readonly<Record<string, string>> {
  return stored?.meta.labels ?? {};
}

function meshOf(change: ViewChange): string {
  return change.key.kind === 'Mesh' ? change.key.name : change.key.mesh;
}
