import { readJson, writeJson } from '@mesh/control-plane';
import { askOnce, holderOf, type InstanceBus, MeshError, type ProxyAdminRequest, type ResourceView } from '@mesh/core';
import type { KdsServer, KdsStreamName } from '@mesh/grpc';
import type { ZoneInsightSpec } from '@mesh/resources';

const METHOD = 'proxy-admin';
/** Above the ten seconds that a zone has for its answer (contract/kds.md §1). */
const ANSWER_WITHIN_MS = 12_000;

const STREAMS: Readonly<Record<ProxyAdminRequest['what'], KdsStreamName>> = { xds: 'configDump', stats: 'stats', clusters: 'clusters' };

/** Fact of the instance to which a zone has opened a stream. */
export function streamFact(name: KdsStreamName, zone: string): string {
  return `kds/${name}/${zone}`;
}

interface Asked {
  readonly zone: string;
  readonly request: ProxyAdminRequest;
}

export interface AdminRoutingOptions {
  readonly server: Pick<KdsServer, 'hasAdminStream' | 'adminRequest'>;
  readonly bus: InstanceBus;
  readonly view: ResourceView;
}

/** Brings a request for the admin output of a proxy to the instance that has the stream of its zone. */
export class AdminRouting {
  constructor(private readonly options: AdminRoutingOptions) {
    const { bus, server } = options;
    // Never further: two instances that take each other for the holder must not play ball.
    bus.serve(METHOD, (body, answer) => {
      const { zone, request } = readJson<Asked>(body);
      server.adminRequest(zone, request).then(
        (output) => {
          answer.tell(output);
          answer.end();
        },
        (error: unknown) => answer.end(MeshError.is(error) ? error : new MeshError('internal', { public: 'internal error' })),
      );
    });
  }

  /** Asks a zone; throws `unavailable` where no instance in reach has its stream, saying what to do. */
  ask(zone: string, request: ProxyAdminRequest): Promise<Uint8Array> {
    const { server, bus } = this.options;
    if (server.hasAdminStream(zone, request.what)) return server.adminRequest(zone, request);
    const holder = bus.connected ? holderOf(bus, streamFact(STREAMS[request.what], zone)) : undefined;
    if (!holder) return Promise.reject(this.outOfReach(zone));
    const asked: Asked = { zone, request };
    return askOnce(bus, { instanceId: holder.instanceId, method: METHOD, body: writeJson(asked) }, ANSWER_WITHIN_MS);
  }

  private outOfReach(zone: string): MeshError {
    const { bus, view } = this.options;
    const open = view
      .find<ZoneInsightSpec>('ZoneInsight', '', zone)
      ?.spec.subscriptions?.findLast(({ disconnectTime }) => disconnectTime === undefined);
    const other = open?.globalInstanceId;
    if (!other || other === bus.instanceId) return new MeshError('unavailable', { public: `zone ${zone} is not connected` });
    return new MeshError('unavailable', {
      public: `zone ${zone} is connected to instance ${other}, which this instance cannot ask`,
      hint: hintOf(bus),
    });
  }
}

function hintOf(bus: InstanceBus): string {
  if (bus.type === 'none') return 'set redis.url (KUMA_REDIS_URL) on all instances of the global';
  return bus.connected ? 'try again: the zone may be changing instances' : 'Redis is away; try again when it is back';
}
