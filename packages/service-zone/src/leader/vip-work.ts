import { Pacer } from '@mesh/control-plane/proxies';
import { type Leadership, type Logger, type Mutation, messageOf, type ResourceView } from '@mesh/core';
import { allocateVips, storedVips, type VipSource, vipConfigDrafts, vipSources } from '@mesh/xds';
import { mayNeedVips } from './vip-relevance.js';

export interface VipWorkOptions {
  readonly view: ResourceView;
  /** Writes as the leader; returns the revision of the write. */
  readonly write: (mutations: readonly Mutation[], leadership: Leadership) => Promise<number>;
  readonly cidr: string;
  readonly log: Logger;
  readonly onFailed?: () => void;
}

const RETRY_MS = 1_000;

/** Leader work: keeps the VIPs of all meshes in their Config resources, following changes (contract/dataplane.md §5). */
export async function keepVips(options: VipWorkOptions, leadership: Leadership): Promise<void> {
  const { view, log } = options;
  let retry: NodeJS.Timeout | undefined;
  /** Services that had dataplanes when VIPs were given last. */
  let covered: ReadonlySet<string> = new Set();
  const pacer = new Pacer(async () => {
    try {
      const sources = vipSources(view);
      covered = servicesOf(sources);
      await allocate(sources, options, leadership);
    } catch (error) {
      if (leadership.signal.aborted) return;
      log.warn({ error: messageOf(error) }, 'VIPs were not allocated; trying again');
      options.onFailed?.();
      clearTimeout(retry);
      retry = setTimeout(() => pacer.trigger(), RETRY_MS);
    }
  });
  const subscription = view.subscribe((event) => {
    if (event.changes.some((change) => mayNeedVips(change, (mesh, service) => covered.has(`${mesh}/${service}`)))) pacer.trigger();
  });
  pacer.trigger();
  await aborted(leadership.signal);
  clearTimeout(retry);
  pacer.stop();
  subscription.unsubscribe();
}

async function allocate(sources: readonly VipSource[], { view, write, cidr }: VipWorkOptions, leadership: Leadership): Promise<void> {
  const allocation = allocateVips(storedVips(view), sources, { cidr });
  const drafts = vipConfigDrafts(view, allocation);
  if (drafts.length === 0) return;
  const revision = await write(
    drafts.map((draft) => ({ op: 'upsert', draft })),
    leadership,
  );
  await view.waitFor(revision, leadership.signal);
}

/** `<mesh>/<service>` of each. */
function servicesOf(sources: readonly VipSource[]): ReadonlySet<string> {
  return new Set(sources.filter(({ type }) => type === 'service').map(({ mesh, name }) => `${mesh}/${name}`));
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
