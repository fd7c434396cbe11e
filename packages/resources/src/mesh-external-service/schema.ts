import { z } from 'zod';
import { dataSource, extensionConfig, portNumber } from '../plugin/index.js';

/** From old to new; `TLSAuto` leaves it to Envoy. */
export const TLS_VERSIONS = ['TLSAuto', 'TLS10', 'TLS11', 'TLS12', 'TLS13'] as const;

const verificationSchema = z.object({
  /** `Secured` checks CA and name, the others leave out what they say. */
  mode: z.enum(['SkipSAN', 'SkipCA', 'Secured', 'SkipAll']).default('Secured'),
  /** SNI; the address of the endpoint where left out. */
  serverName: z.string().optional(),
  /** Names the certificate must show. */
  subjectAltNames: z.array(z.object({ type: z.enum(['Exact', 'Prefix']).default('Exact'), value: z.string() })).optional(),
  /** PEM of the CA; those of the system where left out. */
  caCert: dataSource.optional(),
  /** Certificate of the client; with `clientKey`. */
  clientCert: dataSource.optional(),
  clientKey: dataSource.optional(),
});

/** Shape of the spec of a MeshExternalService. */
export const meshExternalServiceSchema = z.object({
  /** What traffic is meant. */
  match: z.object({
    /** By the host names that HostnameGenerators give it. */
    type: z.enum(['HostnameGenerator']).default('HostnameGenerator'),
    port: portNumber,
    protocol: z.enum(['tcp', 'grpc', 'http', 'http2']).default('tcp'),
  }),
  /** Instead of `endpoints`: an extension that knows them. */
  extension: z.object({ type: z.string(), config: extensionConfig.optional() }).optional(),
  endpoints: z
    .array(
      z.object({
        /** IP address or host name. */
        address: z.string().min(1),
        port: portNumber,
        /** Lower ones are used first; 0 to 128. */
        priority: z.int().min(0).max(128).optional(),
      }),
    )
    .optional(),
  /** How the endpoints are spoken to. */
  tls: z
    .object({
      enabled: z.boolean().default(false),
      version: z.object({ min: z.enum(TLS_VERSIONS).default('TLSAuto'), max: z.enum(TLS_VERSIONS).default('TLSAuto') }).optional(),
      allowRenegotiation: z.boolean().default(false),
      verification: verificationSchema.optional(),
    })
    .optional(),
});

export type MeshExternalServiceSpec = z.infer<typeof meshExternalServiceSchema>;

/** The port with the section of its SNI. */
export function meshExternalServicePorts({ match }: MeshExternalServiceSpec): { port: number; section: string }[] {
  return [{ port: match.port, section: String(match.port) }];
}
