import type { Violations } from '@mesh/core';
import { z } from 'zod';

/** Where telemetry goes over OTLP: one of the fields. */
export const otelTarget = {
  /** `host:port`; the form before `backendRef`. */
  endpoint: z.string().optional(),
  /** A MeshOpenTelemetryBackend, by labels. */
  backendRef: z.object({ kind: z.enum(['MeshOpenTelemetryBackend']), labels: z.record(z.string(), z.string()).optional() }).optional(),
};

export interface OtelTarget {
  readonly endpoint?: string | undefined;
  readonly backendRef?:
    | { readonly kind: 'MeshOpenTelemetryBackend'; readonly labels?: Readonly<Record<string, string>> | undefined }
    | undefined;
}

/** What a user of `endpoint` is told. */
export const OTEL_ENDPOINT_DEPRECATED =
  'openTelemetry.endpoint is deprecated, use openTelemetry.backendRef with a MeshOpenTelemetryBackend resource instead';

/** Reports a target that is not one of the two, or not an address. */
export function checkOtelTarget({ endpoint, backendRef }: OtelTarget, at: Violations): void {
  if (!endpoint && !backendRef) at.add('openTelemetry must have exactly one defined: endpoint, backendRef');
  if (endpoint && backendRef) at.add('openTelemetry must have only one type defined: endpoint, backendRef');
  if (backendRef && Object.keys(backendRef.labels ?? {}).length === 0)
    at.field('backendRef').add('backendRef must have exactly one defined: labels');
  if (!endpoint) return;
  if (endpoint.includes('://')) at.field('endpoint').add('must be in host:port format, not a URL');
  else if (!/^[^:]*(:\d{1,5})?$|^\[[^\]]*\](:\d{1,5})?$/.test(endpoint)) at.field('endpoint').add('must be in host:port format');
}
