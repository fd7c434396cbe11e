import { BUILD_INFO, type DescriptorRegistry, silentLogger, VERSION } from '@mesh/core';
import { KdsClient, type KdsClientHandler, type StoreIdentity, type SyncSession, type SyncStream } from '@mesh/grpc';
import { KdsReceiver, KdsSender, kindsGlobalToZone, type ReceivedBatch, type Rejection, ZONE_LEAD_KIND } from '@mesh/kds';
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { ZoneResources } from './zone-resources.js';

/** What a simulated zone tells of itself. */
export interface ZoneEvents {
  /** The global sent something, and the zone has it. */
  received(zone: SimulatedZone, batch: ReceivedBatch): void;
  /** The zone sent so many resources and removals. */
  sent(zone: SimulatedZone, kind: string, resources: number): void;
  /** The global answered something, or the first answers of all kinds are there. */
  advanced(zone: SimulatedZone): void;
  disconnected(zone: SimulatedZone, reason: string): void;
}

export interface SimulatedZoneOptions {
  readonly name: string;
  /** `grpcs://host:port` of the global. */
  readonly address: string;
  readonly registry: DescriptorRegistry;
  readonly events: ZoneEvents;
}

/** A zone control plane as its global sees it: both streams of KDS with the code of a real one, but nothing is stored. */
export class SimulatedZone {
  readonly name: string;
  readonly own: ZoneResources;
  private readonly heldByKind = new Map<string, Map<string, string>>();
  private readonly kinds: readonly string[];
  private client: KdsClient | undefined;
  private sender: KdsSender | undefined;
  private synced = false;
  private held: Promise<void> | undefined;

  constructor(private readonly options: SimulatedZoneOptions) {
    this.name = options.name;
    this.own = new ZoneResources(options.name, options.registry);
    this.kinds = kindsGlobalToZone(options.registry).map(({ kind }) => kind);
  }

  /** Dials the global, and dials again whenever the connection ends. */
  start(): void {
    if (this.client) return;
    const { address, name } = this.options;
    const handler = this.handler();
    this.client = new KdsClient({ address, zone: name, version: VERSION, skipVerify: true, handler, log: silentLogger });
    this.client.start();
  }

  /** Cuts the connection. What the zone holds, it keeps for the next `start`. */
  async stop(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.stop();
    this.synced = false;
    this.sender = undefined;
  }

  /** Names on the wire and versions of what the zone has of a kind from its global. */
  versions(kind: string): ReadonlyMap<string, string> {
    return this.heldByKind.get(kind) ?? new Map();
  }

  /** Kinds of which the zone has something from its global. */
  get receivedKinds(): Iterable<string> {
    return this.heldByKind.keys();
  }

  /** Connected, with a first answer to every kind, and everything of its own acknowledged. */
  get isCurrent(): boolean {
    return this.synced && this.sender !== undefined && this.sender.settledRevision >= this.own.revision;
  }

  /** From now on nothing the global sends is answered, as in a zone whose store hangs, until the returned function is called. */
  holdAnswers(): () => void {
    let release: () => void = () => {};
    this.held = new Promise((resolve) => {
      release = () => {
        this.held = undefined;
        resolve();
      };
    });
    return release;
  }

  private handler(): KdsClientHandler {
    return {
      identity: () => ({ storeId: `simulated-${this.name}`, storeRevision: this.own.revision }) satisfies StoreIdentity,
      globalToZone: (stream) => this.receive(stream),
      zoneToGlobal: (stream) => this.send(stream),
      proxyAdmin: () => Promise.reject(new Error('a simulated zone has no proxies')),
      onDisconnected: (reason) => this.options.events.disconnected(this, reason),
    };
  }

  private async receive(stream: SyncStream<DeltaDiscoveryRequest>): Promise<SyncSession<DeltaDiscoveryResponse>> {
    const receiver = new KdsReceiver({
      kinds: this.kinds,
      leadKind: ZONE_LEAD_KIND,
      // Ours parse the type of the store from the configuration, as Kuma does.
      self: { id: this.name, instanceId: `${this.name}-0`, config: '{"store":{"type":"memory"}}', version: BUILD_INFO },
      initialVersions: async (kind) => Object.fromEntries(this.versions(kind)),
      apply: (batch) => this.apply(batch),
      onSynced: async () => {
        this.synced = true;
        this.options.events.advanced(this);
      },
      send: stream.send,
      onFailure: stream.fail,
    });
    receiver.start();
    return {
      onMessage: (response) => receiver.onResponse(response),
      onEnd: () => {
        receiver.stop();
        this.synced = false;
      },
    };
  }

  private async apply(batch: ReceivedBatch): Promise<readonly Rejection[]> {
    await this.held;
    const held = this.heldByKind.get(batch.kind) ?? new Map<string, string>();
    for (const { name, version } of batch.resources) held.set(name, version);
    for (const name of batch.removed) held.delete(name);
    if (held.size > 0) this.heldByKind.set(batch.kind, held);
    this.options.events.received(this, batch);
    return [];
  }

  private async send(stream: SyncStream<DeltaDiscoveryResponse>): Promise<SyncSession<DeltaDiscoveryRequest>> {
    const { events } = this.options;
    const advanced = () => events.advanced(this);
    const sender = new KdsSender({
      feed: this.own,
      identifier: this.name,
      send: (response) => {
        events.sent(this, response.typeUrl, response.resources.length + response.removedResources.length);
        stream.send(response);
      },
      events: { onAcknowledged: advanced, onRejected: advanced },
    });
    this.sender = sender;
    const unlisten = this.own.onChange(sender.onChange);
    return {
      onMessage: (request) => {
        sender.onRequest(request);
        events.advanced(this);
      },
      onEnd: () => {
        unlisten();
        if (this.sender === sender) this.sender = undefined;
      },
    };
  }
}
