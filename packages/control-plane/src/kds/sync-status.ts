import { type Logger, messageOf } from '@mesh/core';
import { parseWireName, type Refusal } from '@mesh/kds';
import type { SyncDirection, SyncDirectionName, SyncRefusal, SyncStatus } from '@mesh/resources';
import type { Counter, Metrics } from '@mesh/runtime';
import { Coalescer } from '../coalesce.js';
import type { ZoneSubscriptions } from '../zones/zone-subscriptions.js';
import { BEAT_INTERVAL_MS } from './pulse.js';

/** Refused resources an insight shows; the log has them all. */
const REFUSED_MAX = 20;
const REASON_LENGTH_MAX = 500;

/** What one end of a stream knows of it. */
export interface DirectionSource {
  /** Revisions of the sender that the receiver has not answered yet; undefined where nobody says. */
  lag(): number | undefined;
  /** How long nothing was heard of the peer; undefined where it sends no beats. */
  silenceMs(): number | undefined;
  refused(): readonly Refusal[];
}

export interface SyncStatusesOptions {
  readonly subscriptions: Pick<ZoneSubscriptions, 'update'>;
  readonly metrics: Metrics;
  /** An insight is written at most this often. */
  readonly flushIntervalMs: number;
  /** See Pulse; absent: BEAT_INTERVAL_MS. */
  readonly beatIntervalMs?: number;
  readonly log: Logger;
}

/** An open stream, as its owner reports it. */
export interface OpenDirection {
  /** The source may say something new. */
  changed(): void;
  close(): void;
}

/** Both directions of sync of each zone: live, how far behind, what is refused; in metrics and in ZoneInsights. */
export class SyncStatuses {
  private readonly zones = new Map<string, ZoneStatus>();
  readonly beatIntervalMs: number;
  private readonly silences: Counter;
  private readonly repairs: Counter;

  constructor(private readonly options: SyncStatusesOptions) {
    const { metrics, beatIntervalMs = BEAT_INTERVAL_MS } = options;
    this.beatIntervalMs = beatIntervalMs;
    const labels = ['zone_name', 'direction'];
    const lag = metrics.gauge({
      name: 'kds_zone_lag_revisions',
      help: 'Revisions of the sending side that the receiving side has not answered yet, by direction.',
      labels,
    });
    const silence = metrics.gauge({
      name: 'kds_stream_silence_seconds',
      help: 'How long an open stream has heard nothing of its peer.',
      labels,
    });
    const refused = metrics.gauge({ name: 'kds_refused_resources', help: 'Resources that one side sends and the other refuses.', labels });
    this.silences = metrics.counter({ name: 'kds_silent_streams_total', help: 'Streams that were ended because of silence.', labels });
    this.repairs = metrics.counter({
      name: 'kds_repairs_total',
      help: 'Resources that differed from what the peer has without a word of it, and were put right.',
      labels: ['zone_name', 'resource_type'],
    });
    metrics.onScrape(() => {
      for (const gauge of [lag, silence, refused]) gauge.reset();
      for (const [zone_name, status] of this.zones)
        for (const [direction, source] of status.sources) {
          const behind = source.lag();
          if (behind !== undefined) lag.set({ zone_name, direction }, behind);
          const silentMs = source.silenceMs();
          if (silentMs !== undefined) silence.set({ zone_name, direction }, silentMs / 1000);
          refused.set({ zone_name, direction }, source.refused().length);
        }
    });
  }

  /** A zone connected: who it is, and how it proved that. */
  identify(zone: string, identity: ZoneIdentity): void {
    this.statusOf(zone).identify(identity);
  }

  /** A stream of a zone began to carry one direction. */
  open(zone: string, direction: SyncDirectionName, source: DirectionSource): OpenDirection {
    const present = this.statusOf(zone);
    present.sources.set(direction, source);
    present.changed();
    return {
      changed: () => present.changed(),
      close: () => {
        // A newer stream of the zone may have taken its place.
        if (present.sources.get(direction) === source) present.sources.delete(direction);
        present.changed();
      },
    };
  }

  /** A stream was ended because nothing was heard on it. */
  silent(zone: string, direction: SyncDirectionName): void {
    this.silences.inc({ zone_name: zone, direction });
  }

  repaired(zone: string, kind: string, count: number): void {
    this.repairs.inc({ zone_name: zone, resource_type: kind }, count);
  }

  private statusOf(zone: string): ZoneStatus {
    let status = this.zones.get(zone);
    if (!status) this.zones.set(zone, (status = new ZoneStatus(zone, this.options)));
    return status;
  }

  /** Writes what is not written yet, and nothing after. */
  async settle(): Promise<void> {
    await Promise.all([...this.zones.values()].map((status) => status.settle()));
  }
}

/** See SyncStatus. */
export type ZoneIdentity = Pick<SyncStatus, 'storeId' | 'authentication'>;

class ZoneStatus {
  private identity: ZoneIdentity | undefined;
  readonly sources = new Map<SyncDirectionName, DirectionSource>();
  private readonly flusher: Coalescer;
  private written = '';

  constructor(
    private readonly zone: string,
    private readonly options: SyncStatusesOptions,
  ) {
    const { flushIntervalMs, log } = options;
    const onError = (error: unknown): void => log.warn({ zone, err: messageOf(error) }, 'the state of the sync could not be written');
    this.flusher = new Coalescer({ intervalMs: flushIntervalMs, work: () => this.flush(), onError });
  }

  identify(identity: ZoneIdentity): void {
    this.identity = identity;
    // Whatever is stored, this connection is to be noted: another deployment may have had the name meanwhile.
    this.written = '';
    this.changed();
  }

  changed(): void {
    if (JSON.stringify(this.directions()) !== this.written) this.flusher.trigger();
  }

  async settle(): Promise<void> {
    await this.flusher.stop();
    const { zone, options } = this;
    await this.flush().catch((error: unknown) =>
      options.log.debug({ zone, err: messageOf(error) }, 'the state of the sync is not written'),
    );
  }

  private async flush(): Promise<void> {
    const directions = this.directions();
    const text = JSON.stringify(directions);
    if (text === this.written) return;
    const { identity } = this;
    await this.options.subscriptions.update(this.zone, ({ sync, ...spec }) => {
      const { storeId, authentication, renamedTo, ...rest } = sync ?? {};
      // A zone that is here has this name.
      const known = identity ?? {
        ...(storeId ? { storeId } : {}),
        ...(authentication ? { authentication } : {}),
        ...(renamedTo ? { renamedTo } : {}),
      };
      return { ...spec, sync: { ...rest, ...known, ...directions } };
    });
    this.written = text;
  }

  private directions(): Required<Pick<SyncStatus, SyncDirectionName>> {
    return { globalToZone: this.direction('globalToZone'), zoneToGlobal: this.direction('zoneToGlobal') };
  }

  private direction(name: SyncDirectionName): SyncDirection {
    const source = this.sources.get(name);
    if (!source) return { live: false };
    const behind = source.lag();
    const refused = source.refused().slice(0, REFUSED_MAX);
    return {
      live: true,
      ...(behind === undefined ? {} : { lagRevisions: behind }),
      ...(refused.length > 0 ? { refused: refused.map(shown) } : {}),
    };
  }
}

function shown({ kind, name: wireName, reason }: Refusal): SyncRefusal {
  const { name, mesh } = parseWireName(wireName) ?? { name: wireName, mesh: '' };
  return { kind, ...(mesh === '' ? {} : { mesh }), ...(name === '' ? {} : { name }), reason: reason.slice(0, REASON_LENGTH_MAX) };
}
