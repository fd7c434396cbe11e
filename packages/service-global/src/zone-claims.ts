import { type Instance, isZoneOnline, type ZoneSubscriptions } from '@mesh/control-plane';
import { type Clock, KDS_PEER_CONFIG_PREFIX, type Logger, MeshError, messageOf, parseStoredPeer, type ResourceView } from '@mesh/core';
import type { ZonePeer } from '@mesh/grpc';
import type { KdsSubscription, ZoneInsightSpec } from '@mesh/resources';

/** So long a name is kept for a deployment whose store outlives it: a restart of its control plane must not lose it to another. */
const NAME_KEPT_MS = 120_000;
/** A refused claim is noted at most this often; whoever is refused comes back again and again. */
const NOTE_INTERVAL_MS = 30_000;

export interface ZoneClaimsOptions {
  readonly view: ResourceView;
  readonly clock: Clock;
  readonly instance: Instance;
  readonly subscriptions: Pick<ZoneSubscriptions, 'update'>;
  readonly log: Logger;
}

/**
 * Keeps two deployments from sharing the name of a zone. They are told apart by the ids of their stores; instances of
 * one deployment have one store. Zones of Kuma have no such id and cannot be told apart.
 */
export class ZoneClaims {
  /** Zone to store id to its open calls on this instance. */
  private readonly live = new Map<string, Map<string, number>>();
  private readonly notedMs = new Map<string, number>();
  /** Old names that were online when their deployment came under a new one, and who that is. */
  private readonly leaving = new Map<string, Pick<ZonePeer, 'zone' | 'storeId'>>();

  constructor(private readonly options: ZoneClaimsOptions) {}

  /** Throws `forbidden` where the name belongs to another deployment; release what it returns when the call ends. */
  enter({ zone, storeId }: Pick<ZonePeer, 'zone' | 'storeId'>): { release(): void } {
    if (storeId === undefined) return { release: () => {} };
    const taken = this.takenBy(zone, storeId);
    if (taken !== undefined) throw this.refuse(zone, `${taken}; this one has store ${short(storeId)}`);
    const calls = this.live.get(zone) ?? new Map<string, number>();
    this.live.set(zone, calls);
    calls.set(storeId, (calls.get(storeId) ?? 0) + 1);
    return {
      release: () => {
        const rest = (calls.get(storeId) ?? 1) - 1;
        if (rest > 0) calls.set(storeId, rest);
        else calls.delete(storeId);
        if (calls.size === 0) this.live.delete(zone);
      },
    };
  }

  /** Notes new names also where the old one goes offline only later: its end is written when its streams are seen to have ended. */
  watch(): { unsubscribe(): void } {
    const { view, log } = this.options;
    return view.subscribe(({ changes }) => {
      if (this.leaving.size === 0) return;
      for (const { key } of changes) {
        const peer = key.kind === 'ZoneInsight' ? this.leaving.get(key.name) : undefined;
        if (!peer || isZoneOnline(view.find<ZoneInsightSpec>('ZoneInsight', '', key.name)?.spec)) continue;
        this.leaving.delete(key.name);
        this.noteRename(peer).catch((error: unknown) =>
          log.warn({ zone: peer.zone, err: messageOf(error) }, 'a new name of a zone could not be noted'),
        );
      }
    });
  }

  /**
   * A deployment that was known by another name is noted there, so that what is left under that name is no longer offered; by `watch`
   * where that name is still online.
   */
  async noteRename(peer: Pick<ZonePeer, 'zone' | 'storeId'>): Promise<void> {
    const { view, subscriptions, log } = this.options;
    const { zone, storeId } = peer;
    if (storeId === undefined) return;
    for (const { meta, spec } of view.list<{ config?: string }>('Config', '')) {
      const before = meta.name.slice(KDS_PEER_CONFIG_PREFIX.length);
      if (!meta.name.startsWith(KDS_PEER_CONFIG_PREFIX) || before === zone || parseStoredPeer(spec.config)?.id !== storeId) continue;
      const insight = view.find<ZoneInsightSpec>('ZoneInsight', '', before)?.spec;
      if (insight?.sync?.renamedTo === zone) continue;
      if (isZoneOnline(insight)) {
        this.leaving.set(before, peer);
        continue;
      }
      log.warn({ zone, before }, 'a zone came back under another name; delete the Zone of its old name to remove what is left of it');
      await subscriptions.update(before, (stored) => ({ ...stored, sync: { ...stored.sync, renamedTo: zone } }));
    }
  }

  private takenBy(zone: string, storeId: string): string | undefined {
    const other = [...(this.live.get(zone)?.keys() ?? [])].find((id) => id !== storeId);
    if (other !== undefined) return `it is connected from another deployment, with store ${short(other)}`;
    const insight = this.options.view.find<ZoneInsightSpec>('ZoneInsight', '', zone)?.spec;
    const owner = insight?.sync?.storeId;
    const last = insight?.subscriptions?.at(-1);
    if (owner === undefined || owner === storeId || !last) return undefined;
    if (last.disconnectTime === undefined) {
      // What this instance held is in `live`; the insight may lag behind.
      if (last.globalInstanceId === this.options.instance.id) return undefined;
      return `it is connected to instance ${last.globalInstanceId ?? ''} from another deployment, with store ${short(owner)}`;
    }
    const keptMs = Date.parse(last.disconnectTime) + NAME_KEPT_MS - this.options.clock.now();
    if (!isDurable(last) || keptMs <= 0) return undefined;
    return `it was connected until ${last.disconnectTime} from another deployment, with store ${short(owner)}, for which it is kept another ${Math.ceil(keptMs / 1000)} s`;
  }

  private refuse(zone: string, why: string): MeshError {
    const { clock, subscriptions, log } = this.options;
    const reason = `the zone name "${zone}" is taken: ${why}`;
    const nowMs = clock.now();
    if (nowMs - (this.notedMs.get(zone) ?? 0) > NOTE_INTERVAL_MS) {
      this.notedMs.set(zone, nowMs);
      const refusedClaim = { time: new Date(nowMs).toISOString(), reason };
      subscriptions
        .update(zone, (spec) => ({ ...spec, sync: { ...spec.sync, refusedClaim } }))
        .catch((error: unknown) => log.warn({ zone, err: messageOf(error) }, 'a refused claim could not be noted'));
    }
    return new MeshError('forbidden', { public: `${reason}. Give it a name of its own (KUMA_MULTIZONE_ZONE_NAME), or stop the other one` });
  }
}

function short(storeId: string): string {
  return storeId.slice(0, 8);
}

/** Whether a restart of the zone leaves its store as it was. */
function isDurable({ config }: KdsSubscription): boolean {
  try {
    return (JSON.parse(config ?? '{}') as { store?: { type?: unknown } }).store?.type === 'postgres';
  } catch {
    return false;
  }
}
