import { type Logger, messageOf, tracing } from '@mesh/core';

type Env = Readonly<Record<string, string | undefined>>;

/** Tracing of this process, running. */
export interface RunningTracing {
  /** Sends what is left, for two seconds at most, and turns tracing off. */
  stop(): Promise<void>;
}

export interface StartTracingOptions {
  readonly env: Env;
  /** `service.name` unless OTEL_SERVICE_NAME says another. */
  readonly serviceName: string;
  /** Name of the zone, or `Global`. */
  readonly zone: string;
  readonly log: Logger;
}

/** Where traces go, by the variables of OpenTelemetry (https://opentelemetry.io/docs/specs/otel/protocol/exporter/); undefined: nowhere. */
export function tracesEndpoint(env: Env): string | undefined {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return undefined;
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  if (own) return own;
  const shared = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  return shared ? `${shared.replace(/\/$/, '')}/v1/traces` : undefined;
}

/**
 * Turns tracing on where an endpoint is set. Nothing of OpenTelemetry is loaded otherwise; what
 * cannot be started is logged and left off, for traces must not keep a mesh from working.
 */
export async function startTracing(options: StartTracingOptions): Promise<RunningTracing> {
  const url = tracesEndpoint(options.env);
  if (url === undefined) return { stop: async () => {} };
  const { log } = options;
  try {
    const { openTelemetry } = await import('./open-telemetry.js');
    const exporting = openTelemetry({ ...options, url, serviceName: options.env['OTEL_SERVICE_NAME'] || options.serviceName });
    tracing.install(exporting.tracer);
    log.info({ url }, 'traces are exported');
    return {
      stop: async () => {
        tracing.install(undefined);
        await exporting.stop();
      },
    };
  } catch (error) {
    log.warn({ url, error: messageOf(error) }, 'traces cannot be exported');
    return { stop: async () => {} };
  }
}
