import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTwoZones, type TwoZones, until } from '@mesh/lab-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { makeWorkDir } from './work-dir.js';

interface ExportedSpan {
  readonly service: string;
  readonly zone: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

type Attribute = { readonly key: string; readonly value: { readonly stringValue?: string; readonly intValue?: number } };

/** What an OTLP collector is posted, in JSON. */
interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ExportedSpan, 'attributes'> & { readonly attributes: readonly Attribute[] })[];
    }[];
  }[];
}

const workDir = makeWorkDir('traces');
const spans: ExportedSpan[] = [];
let collector: Server;
let lab: TwoZones;

function attributesOf(list: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));
}

function collect({ resourceSpans }: ExportRequest): void {
  for (const { resource, scopeSpans } of resourceSpans) {
    const of = attributesOf(resource.attributes);
    for (const span of scopeSpans.flatMap((scope) => scope.spans))
      spans.push({
        ...span,
        service: String(of['service.name']),
        zone: String(of['mesh.zone']),
        attributes: attributesOf(span.attributes),
      });
  }
}

beforeAll(async () => {
  collector = createServer((request, response) => {
    void request.toArray().then((chunks) => {
      collect(JSON.parse(Buffer.concat(chunks).toString('utf8')) as ExportRequest);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  lab = await startTwoZones({
    binDir: BIN_DIR,
    workDir,
    envoyPath: envoyPath(),
    addressBlock: 227,
    store: 'postgres',
    layout: 'services',
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
  });
});

afterAll(async () => {
  await lab?.stop();
  collector?.closeAllConnections();
  collector?.close();
  rmSync(workDir, { recursive: true, force: true });
});

it('follows a policy from the API of the global through KDS to the ACK of a proxy, across processes', async () => {
  await lab.global.api.put('/meshes/default/meshtimeouts/traced', {
    type: 'MeshTimeout',
    mesh: 'default',
    name: 'traced',
    spec: { targetRef: { kind: 'Mesh' }, to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: '7s' } }] },
  });
  const traced = () => {
    const root = spans.find(
      (span) => span.name.startsWith('PUT ') && span.attributes['url.path'] === '/meshes/default/meshtimeouts/traced',
    );
    return spans.filter((span) => span.traceId === root?.traceId);
  };
  const delivered = await until({ what: 'a proxy of each zone in the trace', deadlineMs: 30_000 }, async () => {
    const zones = new Set(traced().flatMap(({ name, zone }) => (name === 'xds deliver' ? zone : [])));
    return zones.size === 2 ? traced() : undefined;
  });
  /** Names from the root to a span, with the process of each. */
  const wayTo = (span: ExportedSpan): string[] => {
    const parent = traced().find(({ spanId }) => spanId === span.parentSpanId);
    const name = span.name.startsWith('PUT ') ? 'PUT' : span.name;
    return [...(parent ? wayTo(parent) : []), `${span.service} ${name}`];
  };
  await until({ what: 'the spans above', deadlineMs: 30_000 }, async () => traced().some(({ name }) => name === 'xds push') || undefined);
  const deliveries = delivered.filter(({ name }) => name === 'xds deliver');
  for (const delivery of deliveries) {
    await until({ what: 'every span on the way', deadlineMs: 30_000 }, async () => wayTo(delivery).length === 5 || undefined);
    expect(wayTo(delivery)).toEqual([
      'api-gateway PUT',
      'global-cp store write',
      'zone-cp kds store',
      'zone-cp xds push',
      'zone-cp xds deliver',
    ]);
  }
});
