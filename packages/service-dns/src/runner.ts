import { join } from 'node:path';
import { type ControlPlane, type Logger, messageOf, type Runner, type ViewEvent } from '@mesh/core';
import type { ServiceOptions } from '@mesh/runtime';
import { type ControlPlaneConnection, connectControlPlane } from '@mesh/service-client';
import { type MeshVip, vipsFromConfigs } from '@mesh/xds/vips';
import { QueryCounts } from './query-counts.js';
import { Resolver } from './resolver.js';
import { DnsServer } from './server.js';
import { type NameEntry, NameTable } from './table.js';
import { loadTable, saveTable } from './table-file.js';

/** Virtual IPs hardly ever change; clients of an old address are served by the proxies until they ask again. */
const TTL_SECONDS = 30;

/**
 * The .mesh resolver as a service. Reads: the virtual IPs (Config resources) in the view of the
 * zone control plane, on every change. Publishes: DNS on UDP and TCP. While the control plane is
 * away it answers from the last names it knew, across restarts too.
 */
export class DnsRunner implements Runner {
  readonly name = 'dns-resolver';
  private readonly log: Logger;
  private readonly suffix: string;
  private readonly file: string;
  private server: DnsServer | undefined;
  private counts: QueryCounts | undefined;
  private connection: ControlPlaneConnection | undefined;
  private subscription: { unsubscribe(): void } | undefined;
  private resolver: Resolver;
  private boundPort = 0;

  constructor(private readonly options: ServiceOptions) {
    this.log = options.log.child({ component: 'dns' });
    this.suffix = options.config.dnsServer.domain.toLowerCase();
    this.file = join(options.config.general.workDir, 'dns-resolver-names.json');
    const saved = loadTable(this.file);
    this.resolver = new Resolver({
      ttlSeconds: TTL_SECONDS,
      initialTable: new NameTable([this.suffix], saved?.entries ?? [], saved?.serial ?? 1),
    });
  }

  /** Port that was bound: differs from the configured one where that is 0. */
  get port(): number {
    return this.boundPort;
  }

  async start(): Promise<void> {
    const { config, metrics, health } = this.options;
    if (!config.dnsServer.enabled) return;
    this.counts = new QueryCounts(metrics);
    const { counts } = this;
    const names = metrics.gauge({ name: 'dns_names', help: 'Names the resolver knows.' });
    this.server = new DnsServer({
      resolver: this.resolver,
      address: config.dnsServer.address,
      port: config.dnsServer.port,
      log: this.log,
      onQuery: (transport, rcode) => counts.add(transport, rcode),
    });
    this.boundPort = await this.server.start();
    this.connection = await connectControlPlane(this.options, { log: this.log, kinds: ['Config'] });
    const { controlPlane } = this.connection;
    this.subscription = controlPlane.view.subscribe((event) => this.onEvent(controlPlane, event, names));
    if (controlPlane.view.revision >= 0) this.refresh(controlPlane, names);
    health.register('dns-names', () =>
      controlPlane.view.revision >= 0 || this.resolver.names.size > 0 ? undefined : 'no names from the control plane yet',
    );
    this.log.info({ address: config.dnsServer.address, port: this.boundPort, zone: this.suffix }, 'DNS is served');
  }

  async stop(): Promise<void> {
    this.subscription?.unsubscribe();
    await this.connection?.close();
    await this.server?.stop();
    this.counts?.close();
  }

  private onEvent(controlPlane: ControlPlane, event: ViewEvent, names: { set(value: number): void }): void {
    if (event.changes.some((change) => change.key.kind === 'Config') || this.resolver.names.size === 0) this.refresh(controlPlane, names);
  }

  private refresh(controlPlane: ControlPlane, names: { set(value: number): void }): void {
    const entries = toEntries(
      vipsFromConfigs(controlPlane.view, { port: this.options.config.dnsServer.serviceVipPort, domain: this.suffix }),
    );
    const serial = Math.max(1, controlPlane.view.revision);
    this.resolver.replaceTable(new NameTable([this.suffix], entries, serial));
    names.set(this.resolver.names.size);
    try {
      saveTable(this.file, { serial, entries });
    } catch (error) {
      this.log.warn({ file: this.file, error: messageOf(error) }, 'the names cannot be saved for the next start');
    }
  }
}

/** One entry per hostname; the same service in several meshes shares one address. */
function toEntries(vips: readonly MeshVip[]): NameEntry[] {
  const addresses = new Map<string, Set<string>>();
  for (const vip of vips) {
    for (const hostname of vip.hostnames) {
      const known = addresses.get(hostname) ?? new Set<string>();
      addresses.set(hostname, known.add(vip.address));
    }
  }
  return [...addresses].map(([hostname, list]) => ({ hostname, addresses: [...list].sort() }));
}
