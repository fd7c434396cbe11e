import { MeshError } from '@mesh/core';
import { z } from 'zod';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const port = z
  .number()
  .int()
  .min(0)
  .max(65_535)
  .nullish()
  .transform((value) => value ?? 0);
const strings = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);

const versionSchema = z
  .object({
    kumaDp: z.object({ version: text, gitTag: text, gitCommit: text, buildDate: text }).nullish(),
    envoy: z.object({ version: text, build: text }).nullish(),
  })
  .nullish();

const requestSchema = z.object({
  mesh: text,
  name: text,
  proxyType: text,
  dataplaneToken: text,
  dataplaneTokenPath: text,
  dataplaneResource: text,
  version: versionSchema,
  caCert: text,
  dynamicMetadata: z
    .record(z.string(), z.string())
    .nullish()
    .transform((value) => value ?? {}),
  dnsPort: port,
  readinessPort: port,
  /** Admin port in requests of Kuma 0.x; later it is part of the resource. */
  adminPort: z.number().int().min(0).max(65_535).nullish(),
  appProbeProxyDisabled: flag,
  operatingSystem: text,
  features: strings,
  resources: z.object({ maxHeapSizeBytes: z.number().nullish() }).nullish(),
  workdir: text,
  metricsResources: z.object({ certPath: text, keyPath: text }).nullish(),
  systemCaPath: text,
  ipv6Enabled: flag,
  dataplaneConfig: z.record(z.string(), z.json()).nullish(),
  otelEnv: z.record(z.string(), z.json()).nullish(),
  spireResources: z.object({ socketPath: text }).nullish(),
});

/** A `POST /bootstrap` document with its defaults filled (contract/dataplane.md §1.2). */
export type BootstrapRequest = z.output<typeof requestSchema>;

/** Largest accepted request body; an inline resource of a proxy stays far below. */
export const BOOTSTRAP_BODY_BYTES_MAX = 4 * 1024 * 1024;

/** Parses a request body. Unknown fields are ignored, as every version of kuma-dp adds some. Throws `bad_request`. */
export function parseBootstrapRequest(body: string): BootstrapRequest {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch (cause) {
    throw new MeshError('bad_request', { public: 'the bootstrap request is not JSON', cause });
  }
  const parsed = requestSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new MeshError('bad_request', {
    public: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
  });
}
