import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger, tracing } from '@mesh/core';
import { afterEach, describe, expect, it } from 'vitest';
import { startTracing, tracesEndpoint } from './start-tracing.js';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

interface ExportedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly status: { readonly code?: number; readonly message?: string };
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly ExportedSpan[] }[];
  }[];
}

/** An OTLP collector that keeps what it is sent. */
class Collector {
  readonly requests: { readonly path: string; readonly body: ExportRequest }[] = [];
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Collector> {
    const server = createServer();
    const collector = new Collector(server);
    server.on('request', async (request, response) => {
      const chunks = await request.toArray();
      collector.requests.push({ path: request.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as ExportRequest });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get spans(): ExportedSpan[] {
    return this.requests.flatMap(({ body }) => body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

describe('tracing', () => {
  let collector: Collector | undefined;
  afterEach(() => {
    collector?.stop();
    tracing.install(undefined);
  });

  const start = (env: Record<string, string>) => startTracing({ env, serviceName: 'zone-cp', zone: 'zone-1', log: silentLogger });

  it('sends spans with their causes to the endpoint, the last ones when it stops', async () => {
    collector = await Collector.start();
    const running = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/` });
    const outer = tracing.startSpan('outer', { parent: PARENT, kind: 'server' });
    await tracing.run(outer?.traceparent, () => tracing.inSpan('inner', {}, async () => {}));
    const failure = tracing.inSpan('failing', { parent: 'nonsense' }, () => Promise.reject(new Error('why')));
    await expect(failure).rejects.toThrow('why');
    outer?.end({ done: true });
    await running.stop();
    const byName = new Map(collector.spans.map((span) => [span.name, span]));
    expect(collector.requests.map(({ path }) => path)).toEqual(['/v1/traces']);
    expect(byName.get('outer')).toMatchObject({ traceId: PARENT.slice(3, 35), parentSpanId: PARENT.slice(36, 52) });
    expect(byName.get('inner')).toMatchObject({ traceId: PARENT.slice(3, 35), parentSpanId: byName.get('outer')?.spanId });
    expect(byName.get('failing')).toMatchObject({ status: { code: 2, message: 'why' } });
    expect(byName.get('failing')?.traceId).not.toBe(PARENT.slice(3, 35));
    const attributes = collector.requests[0]?.body.resourceSpans[0]?.resource.attributes.map(({ key, value }) => [key, value.stringValue]);
    expect(attributes).toEqual(
      expect.arrayContaining([
        ['service.name', 'zone-cp'],
        ['mesh.zone', 'zone-1'],
      ]),
    );
    expect(tracing.enabled).toBe(false);
  });

  it('does nothing without an endpoint', async () => {
    const running = await start({});
    expect(tracing.enabled).toBe(false);
    expect(tracing.startSpan('any')).toBeUndefined();
    await running.stop();
  });

  it('ends in time where nobody takes the spans', async () => {
    const running = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    tracing.startSpan('lost')?.end();
    await running.stop();
    expect(tracing.enabled).toBe(false);
  });

  it.each([
    [{}, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'http://c:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/x' }, 'http://t/x'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: 'true' }, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'none' }, undefined],
  ])('reads where to send from %j', (env, expected) => {
    expect(tracesEndpoint(env)).toBe(expected);
  });
});
