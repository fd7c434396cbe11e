import { setTimeout as delay } from 'node:timers/promises';
import { BUILD_INFO, type Logger, messageOf, type Span, type SpanOptions, type Tracer } from '@mesh/core';
import { type Context, isSpanContextValid, ROOT_CONTEXT, type SpanContext, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const FLUSH_WITHIN_MS = 2_000;
const BATCH_DELAY_MS = 1_000;

const KINDS: Readonly<Record<NonNullable<SpanOptions['kind']>, SpanKind>> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};

export interface OpenTelemetryOptions {
  /** Where spans are posted, as OTLP in JSON. */
  readonly url: string;
  readonly serviceName: string;
  readonly zone: string;
  readonly log: Logger;
}

/** An exporter of spans that runs. */
export interface Exporting {
  readonly tracer: Tracer;
  stop(): Promise<void>;
}

/** Exports spans in batches. Timeouts and headers come from the OTEL_ variables that the exporter reads itself. */
export function openTelemetry({ url, serviceName, zone, log }: OpenTelemetryOptions): Exporting {
  const processor = new BatchSpanProcessor(new OTLPTraceExporter({ url }), { scheduledDelayMillis: BATCH_DELAY_MS });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': BUILD_INFO.version, 'mesh.zone': zone }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('mesh');
  return {
    tracer: {
      startSpan: (name, { parent, kind = 'internal', attributes = {} }) =>
        toSpan(tracer.startSpan(name, { kind: KINDS[kind], attributes: { ...attributes } }, contextOf(parent))),
    },
    stop: async () => {
      const flushed = provider.shutdown().catch((error: unknown) => log.warn({ url, error: messageOf(error) }, 'the last traces are lost'));
      await Promise.race([flushed, delay(FLUSH_WITHIN_MS, undefined, { ref: false })]);
    },
  };
}

function toSpan(span: ReturnType<ReturnType<BasicTracerProvider['getTracer']>['startSpan']>): Span {
  return {
    traceparent: writeTraceparent(span.spanContext()),
    end: (attributes, error) => {
      if (attributes) span.setAttributes({ ...attributes });
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
      span.end();
    },
  };
}

function writeTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** What is no trace context begins a trace of its own (https://www.w3.org/TR/trace-context/#versioning-of-traceparent). */
function contextOf(traceparent: string | undefined): Context {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '');
  const context = match && {
    traceId: match[1] ?? '',
    spanId: match[2] ?? '',
    traceFlags: Number.parseInt(match[3] ?? '', 16) & 1,
    isRemote: true,
  };
  return context && isSpanContextValid(context) ? trace.setSpanContext(ROOT_CONTEXT, context) : ROOT_CONTEXT;
}
