import type { JsonObject } from '@mesh/core';

/** What an Envoy node tells of itself (contract/dataplane.md §1.4), as far as its configuration depends on it. */
export interface ProxyMetadata {
  readonly features: ReadonlySet<string>;
  /** Absent, and no socket: Envoy's admin endpoint is off. */
  readonly adminPort?: number;
  readonly adminAddress: string;
  /** Unix socket of Envoy's admin endpoint; used instead of the port where present. */
  readonly adminSocketPath?: string;
  readonly readinessPort: number;
  /** Where Envoy answers DNS for transparent proxying; absent: it does not. */
  readonly dnsPort?: number;
  readonly workdir: string;
  /** Roots that the system of the proxy trusts. */
  readonly systemCaPath: string;
  readonly ipv6Enabled: boolean;
  readonly transparentProxy?: TransparentProxyMetadata;
}

export interface TransparentProxyMetadata {
  readonly inboundEnabled: boolean;
  readonly inboundPort: number;
  readonly outboundEnabled: boolean;
  readonly outboundPort: number;
  readonly ipv6: boolean;
}

export const FEATURE_BIND_OUTBOUNDS = 'feature-bind-outbounds';
export const FEATURE_EMBEDDED_DNS = 'feature-embedded-dns';
export const FEATURE_REUSE_PORT = 'feature-reuse-port';
export const FEATURE_STRICT_INBOUND_PORTS = 'feature-strict-inbound-ports';
export const FEATURE_TP_IN_METADATA = 'feature-transparent-proxy-in-dataplane-metadata';

const DEFAULT_READINESS_PORT = 9902;
const DEFAULT_SYSTEM_CA_PATH = '/etc/ssl/certs/ca-certificates.crt';

/**
 * Reads node metadata. Every field may be missing or of another type, for a proxy may say what it
 * likes; what cannot be used falls back to the default of a 2.14 bootstrap.
 */
export function parseNodeMetadata(metadata: JsonObject | undefined): ProxyMetadata {
  const source = metadata ?? {};
  const features = new Set(Array.isArray(source.features) ? source.features.filter((f): f is string => typeof f === 'string') : []);
  const adminPort = portOf(source['dataplane.admin.port']);
  const dnsPort = features.has(FEATURE_EMBEDDED_DNS) ? undefined : portOf(source['dataplane.dns.port']);
  const adminSocketPath = textOf(source['dataplane.admin.socketPath']);
  const transparentProxy = features.has(FEATURE_TP_IN_METADATA) ? transparentProxyOf(source.transparentProxy) : undefined;
  return {
    features,
    ...(adminPort === undefined ? {} : { adminPort }),
    ...(dnsPort === undefined ? {} : { dnsPort }),
    adminAddress: loopbackOf(textOf(source['dataplane.admin.address'])),
    ...(adminSocketPath === '' ? {} : { adminSocketPath }),
    readinessPort: portOf(source['dataplane.readinessReporter.port']) ?? DEFAULT_READINESS_PORT,
    workdir: textOf(source.workdir),
    systemCaPath: textOf(source.systemCaPath) || DEFAULT_SYSTEM_CA_PATH,
    ipv6Enabled: source.ipv6Enabled === true,
    ...(transparentProxy ? { transparentProxy } : {}),
  };
}

/**
 * Only loopback and wildcard addresses are believed: the admin cluster would else let a proxy
 * make the control plane open any host to it (§3.4).
 */
function loopbackOf(address: string): string {
  return address === '::1' || address === '::' ? '::1' : '127.0.0.1';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function portOf(value: unknown): number | undefined {
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535 ? port : undefined;
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function transparentProxyOf(value: unknown): TransparentProxyMetadata | undefined {
  const config = objectOf(value);
  const redirect = objectOf(config.redirect);
  const inbound = objectOf(redirect.inbound);
  const outbound = objectOf(redirect.outbound);
  const inboundPort = portOf(inbound.port);
  const outboundPort = portOf(outbound.port);
  if (inboundPort === undefined && outboundPort === undefined) return undefined;
  return {
    inboundEnabled: inbound.enabled !== false && inboundPort !== undefined,
    inboundPort: inboundPort ?? 15006,
    outboundEnabled: outbound.enabled !== false && outboundPort !== undefined,
    outboundPort: outboundPort ?? 15001,
    ipv6: textOf(config.ipFamilyMode).toLowerCase() !== 'ipv4',
  };
}
