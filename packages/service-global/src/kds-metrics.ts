import type { Counter, Gauge, Metrics } from '@mesh/runtime';

/** Figures of the global's KDS server. */
export class KdsMetrics {
  private readonly zones: Gauge;
  private readonly rewrites: Counter;
  private readonly resources: Counter;
  private readonly rejections: Counter;

  constructor(metrics: Metrics) {
    this.zones = metrics.gauge({ name: 'kds_connected_zones', help: 'Zones with an open stream to this instance.' });
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
      name: 'kds_zone_rejections_total',
      help: 'Responses that a zone answered with a NACK.',
      labels: ['resource_type'],
    });
  }

  connected(): void {
    this.zones.inc();
  }

  disconnected(): void {
    this.zones.dec();
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
