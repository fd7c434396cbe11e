import { Pacer, type ProxyWriter } from '@mesh/control-plane/proxies';
import { jsonEqual, LABEL_ZONE, type Logger, MeshError, messageOf, type Resource, type ResourceView } from '@mesh/core';
import type { AvailableService, ZoneIngressSpec } from '@mesh/resources';
import { computeAvailableServices } from '@mesh/xds';

export interface AvailableServicesOptions {
  readonly view: ResourceView;
  readonly zone: string;
  readonly writer: ProxyWriter;
  readonly log: Logger;
}

/** Kinds the services of a zone are read from, and where they are written. */
const SOURCE_KINDS: ReadonlySet<string> = new Set(['Mesh', 'Dataplane', 'ExternalService', 'ZoneIngress']);
const RETRY_MS = 1000;

/** Keeps `availableServices` of the ingresses of this zone in step with what its proxies offer (contract/dataplane.md §4). */
export class AvailableServices {
  private readonly pacer = new Pacer(() => this.update().catch((error: unknown) => this.failed(error)));
  private subscription: { unsubscribe(): void } | undefined;
  private retry: NodeJS.Timeout | undefined;

  constructor(private readonly options: AvailableServicesOptions) {}

  start(): void {
    this.subscription = this.options.view.subscribe((event) => {
      if (event.changes.some((change) => SOURCE_KINDS.has(change.key.kind))) this.pacer.trigger();
    });
    this.pacer.trigger();
  }

  stop(): void {
    this.subscription?.unsubscribe();
    this.pacer.stop();
    clearTimeout(this.retry);
  }

  private async update(): Promise<void> {
    const { view, zone } = this.options;
    const ingresses = view.list<ZoneIngressSpec>('ZoneIngress').filter((ingress) => zoneOf(ingress) === zone);
    if (ingresses.length === 0) return;
    const services = computeAvailableServices(view, zone);
    for (const ingress of ingresses) {
      if (!jsonEqual(ingress.spec.availableServices ?? [], services)) await this.write(ingress, services);
    }
  }

  private failed(error: unknown): void {
    this.options.log.error({ error: messageOf(error) }, 'the available services of the zone could not be computed');
  }

  /** Another instance may have written meanwhile: the change comes back as an event, and is looked at again. */
  private async write(ingress: Resource<ZoneIngressSpec>, availableServices: readonly AvailableService[]): Promise<void> {
    const { view, writer, log } = this.options;
    const { mesh, name, labels, version, owner } = ingress.meta;
    const { availableServices: _, ...spec } = ingress.spec;
    const draft = {
      kind: ingress.kind,
      mesh,
      name,
      labels,
      spec: { ...spec, ...(availableServices.length > 0 ? { availableServices } : {}) },
    };
    try {
      const { revision } = await writer.put(owner ? { ...draft, owner } : draft, version);
      await view.waitFor(revision, AbortSignal.timeout(RETRY_MS));
    } catch (error) {
      if (MeshError.is(error, 'conflict')) return;
      log.warn({ ingress: name, error: messageOf(error) }, 'the available services of an ingress were not written; trying again');
      clearTimeout(this.retry);
      this.retry = setTimeout(() => this.pacer.trigger(), RETRY_MS);
    }
  }
}

function zoneOf(ingress: Resource<ZoneIngressSpec>): string {
  return ingress.spec.zone || ingress.meta.labels[LABEL_ZONE] || '';
}
