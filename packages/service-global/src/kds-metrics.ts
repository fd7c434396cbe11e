import type { Counter, Gauge, Histogram, Metrics } from '@mesh/runtime';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Figures of the global's KDS server. */
export class KdsMetrics {
  private readonly zones: Gauge;
  private readonly rewrites: Counter;
  private readonly resources: Counter;
  private readonly rejections: Counter;
  private readonly writeToAck: Histogram;

  constructor(metrics: Metrics) {
    const ofZone = ['zone_name'];
    this.zones = metrics.gauge({ name: 'kds_zone_active_connections', help: 'Zones with an open stream to this instance.' });
    this.rewrites = metrics.counter({
      name: 'kds_zone_attribution_rewrites_total',
      help: 'Values by which a zone claimed to be another one, put right.',
      labels: ['resource_type'],
    });
    this.resources = metrics.counter({
      name: 'kds_received_resources_total',
      help: 'Resources received from zones.',
      labels: ['resource_type', 'result'],
    });
    this.rejections = metrics.counter({
      name: 'kds_nack_total',
      help: 'Responses that a zone answered with a NACK.',
      labels: ['resource_type'],
    });
    this.writeToAck = metrics.histogram({
      name: 'kds_write_to_ack_seconds',
      help: 'Seconds from a change in the state of this control plane to the ACK of a zone that has stored it.',
      labels: ofZone,
      buckets: SECONDS,
    });
  }

  /** Counts a zone; returns what measures its stream. */
  connected(zone: string): ZoneStreamMetrics {
    this.zones.inc();
    return new ZoneStreamMetrics(
      (seconds) => this.writeToAck.observe({ zone_name: zone }, seconds),
      () => this.zones.dec(),
    );
  }

  pinned(kind: string, count: number): void {
    this.rewrites.inc({ resource_type: kind }, count);
  }

  received(kind: string, counts: { readonly stored: number; readonly refused: number }): void {
    if (counts.stored > 0) this.resources.inc({ resource_type: kind, result: 'stored' }, counts.stored);
    if (counts.refused > 0) this.resources.inc({ resource_type: kind, result: 'refused' }, counts.refused);
  }

  refusedByZone(kind: string): void {
    this.rejections.inc({ resource_type: kind });
  }
}

/** Measures the changes that travel on the stream of one zone: from the change to the ACK of the response it went with. */
export class ZoneStreamMetrics {
  /** By kind: when the oldest change not yet sent came, and the oldest one sent and not answered. */
  private readonly waitingMs = new Map<string, number>();
  private readonly sentMs = new Map<string, number>();

  constructor(
    private readonly observe: (seconds: number) => void,
    /** The stream has ended. */
    readonly left: () => void,
  ) {}

  /** Runs what a change causes to be sent. A change that the zone does not get is not measured. */
  change(kind: string, send: () => void): void {
    const isFirst = !this.waitingMs.has(kind);
    if (isFirst) this.waitingMs.set(kind, performance.now());
    send();
    // Neither sent now nor held back by an unanswered response.
    if (isFirst && !this.sentMs.has(kind)) this.waitingMs.delete(kind);
  }

  sent(kind: string): void {
    const fromMs = this.waitingMs.get(kind);
    this.waitingMs.delete(kind);
    if (fromMs !== undefined) this.sentMs.set(kind, fromMs);
  }

  acknowledged(kind: string): void {
    const fromMs = this.sentMs.get(kind);
    if (fromMs !== undefined) this.observe((performance.now() - fromMs) / 1000);
    this.sentMs.delete(kind);
  }

  rejected(kind: string): void {
    this.sentMs.delete(kind);
  }
}
