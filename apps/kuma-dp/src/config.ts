import { MeshError, parseDuration, type Violation } from '@mesh/core';

export type ProxyType = 'dataplane' | 'ingress' | 'egress';

/** Everything `kuma-dp run` was told, by flag or variable (contract/dataplane.md §7.1). Flags win. */
export interface DpConfig {
  readonly name: string;
  readonly mesh: string;
  readonly proxyType: ProxyType;
  readonly cpAddress: URL;
  readonly caCertFile: string;
  readonly caCertPem: string;
  readonly skipVerify: boolean;
  readonly retryBackoffMs: number;
  readonly retryMaxDurationMs: number;
  readonly token: string;
  readonly tokenFile: string;
  readonly resource: string;
  readonly resourceFile: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly binaryPath: string;
  readonly workDir: string;
  readonly concurrency: number;
  readonly drainTimeMs: number;
  readonly envoyLogLevel: string;
  readonly envoyComponentLogLevel: string;
  readonly bindOutbounds: boolean;
  readonly deltaXds: boolean;
  /** 0: Envoy is not told; the control plane chooses. */
  readonly adminPort: number;
  readonly readinessPort: number;
  /** Nobody chose the readiness port: another one will do where it is taken. */
  readonly readinessPortIsDefault: boolean;
  readonly dnsEnvoyPort: number;
  readonly ipv6Enabled: boolean;
  readonly metricsCertPath: string;
  readonly metricsKeyPath: string;
  readonly maxMemoryBytes: number;
  readonly strictInboundPorts: boolean;
  readonly reusePort: boolean;
}

/** Values of the command line, as commander hands them over: absent where the flag was not given. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
type Env = Readonly<Record<string, string | undefined>>;

/** Reads one setting after the other and remembers every mistake, so that a user sees them all. */
class Reader {
  readonly violations: Violation[] = [];

  constructor(
    private readonly flags: Flags,
    private readonly env: Env,
  ) {}

  text(flag: string | undefined, variables: readonly string[], fallback: string): string {
    const given = flag === undefined ? undefined : this.flags[flag];
    if (typeof given === 'string') return given;
    for (const variable of variables) {
      const value = this.env[variable];
      if (value !== undefined && value !== '') return value;
    }
    return fallback;
  }

  bool(flag: string | undefined, variables: readonly string[], fallback: boolean): boolean {
    const given = flag === undefined ? undefined : this.flags[flag];
    if (typeof given === 'boolean') return given;
    const text = this.text(flag, variables, String(fallback));
    if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
    if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
    this.complain(flag, variables, `"${text}" is not true or false`);
    return fallback;
  }

  number(flag: string | undefined, variables: readonly string[], limits: { fallback: number; max: number }): number {
    const text = this.text(flag, variables, String(limits.fallback));
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= limits.max) return value;
    this.complain(flag, variables, `"${text}" is not a number from 0 to ${limits.max}`);
    return limits.fallback;
  }

  duration(flag: string | undefined, variables: readonly string[], fallback: string): number {
    const text = this.text(flag, variables, fallback);
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= 0) return ms;
    this.complain(flag, variables, `"${text}" is not a duration such as 30s or 1m30s`);
    return 0;
  }

  complain(flag: string | undefined, variables: readonly string[], message: string): void {
    const names = [...(flag === undefined ? [] : [`--${flag.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`]), ...variables];
    this.violations.push({ field: names.join(' / '), message });
  }
}

const PORT_MAX = 65_535;

/**
 * Builds the configuration from flags and environment.
 * @throws MeshError `invalid` with every mistake found.
 */
export function readConfig(flags: Flags, env: Env): DpConfig {
  const r = new Reader(flags, env);
  const config: DpConfig = {
    name: r.text('name', ['KUMA_DATAPLANE_NAME'], podName(env)),
    mesh: r.text('mesh', ['KUMA_DATAPLANE_MESH'], ''),
    proxyType: readProxyType(r),
    cpAddress: readAddress(r),
    caCertFile: r.text('caCertFile', ['KUMA_CONTROL_PLANE_CA_CERT_FILE'], ''),
    caCertPem: r.text(undefined, ['KUMA_CONTROL_PLANE_CA_CERT'], ''),
    skipVerify: r.bool('skipVerify', ['KUMA_CONTROL_PLANE_TLS_SKIP_VERIFY'], false),
    retryBackoffMs: r.duration(undefined, ['KUMA_CONTROL_PLANE_RETRY_BACKOFF'], '3s'),
    retryMaxDurationMs: r.duration(undefined, ['KUMA_CONTROL_PLANE_RETRY_MAX_DURATION'], '5m'),
    token: r.text('dataplaneToken', ['KUMA_DATAPLANE_RUNTIME_TOKEN'], ''),
    tokenFile: r.text('dataplaneTokenFile', ['KUMA_DATAPLANE_RUNTIME_TOKEN_PATH'], ''),
    resource: r.text('dataplane', ['KUMA_DATAPLANE_RUNTIME_RESOURCE'], ''),
    resourceFile: r.text('dataplaneFile', ['KUMA_DATAPLANE_RUNTIME_RESOURCE_PATH'], ''),
    variables: readVariables(r, flags['dataplaneVar']),
    binaryPath: r.text('binaryPath', ['KUMA_DATAPLANE_RUNTIME_BINARY_PATH'], 'envoy'),
    workDir: r.text(
      'workDir',
      ['KUMA_DATAPLANE_RUNTIME_WORK_DIR', 'KUMA_DATAPLANE_RUNTIME_SOCKET_DIR'],
      r.text('configDir', ['KUMA_DATAPLANE_RUNTIME_CONFIG_DIR'], ''),
    ),
    concurrency: r.number('concurrency', ['KUMA_DATAPLANE_RUNTIME_CONCURRENCY'], { fallback: 0, max: 1024 }),
    drainTimeMs: r.duration('drainTime', ['KUMA_DATAPLANE_DRAIN_TIME'], '30s'),
    envoyLogLevel: r.text('envoyLogLevel', ['KUMA_DATAPLANE_RUNTIME_ENVOY_LOG_LEVEL'], ''),
    envoyComponentLogLevel: r.text('envoyComponentLogLevel', ['KUMA_DATAPLANE_RUNTIME_ENVOY_COMPONENT_LOG_LEVEL'], ''),
    bindOutbounds: r.bool('bindOutbounds', ['KUMA_DATAPLANE_RUNTIME_BIND_OUTBOUNDS'], false),
    deltaXds: readVariant(r),
    adminPort: r.number('adminPort', ['KUMA_DATAPLANE_ADMIN_PORT'], { fallback: 0, max: PORT_MAX }),
    readinessPort: r.number(undefined, ['KUMA_READINESS_PORT'], { fallback: 9902, max: PORT_MAX }),
    readinessPortIsDefault: !env['KUMA_READINESS_PORT'],
    dnsEnvoyPort: r.number('dnsEnvoyPort', ['KUMA_DNS_ENVOY_DNS_PORT'], { fallback: 15_054, max: PORT_MAX }),
    ipv6Enabled: r.bool(undefined, ['KUMA_DATAPLANE_RUNTIME_IPV6_ENABLED'], true),
    metricsCertPath: r.text('metricsCertPath', ['KUMA_DATAPLANE_RUNTIME_METRICS_CERT_PATH'], ''),
    metricsKeyPath: r.text('metricsKeyPath', ['KUMA_DATAPLANE_RUNTIME_METRICS_KEY_PATH'], ''),
    maxMemoryBytes: r.number(undefined, ['KUMA_DATAPLANE_RESOURCES_MAX_MEMORY_BYTES'], { fallback: 0, max: Number.MAX_SAFE_INTEGER }),
    strictInboundPorts: r.bool(undefined, ['KUMA_DATAPLANE_RUNTIME_STRICT_INBOUND_PORTS_ENABLED'], true),
    reusePort: r.bool(undefined, ['KUMA_DATAPLANE_RUNTIME_REUSE_PORT_ENABLED'], true),
  };
  if (config.token !== '' && config.tokenFile !== '') r.complain('dataplaneToken', [], 'give the token or its file, not both');
  if (config.resource !== '' && config.resourceFile !== '') r.complain('dataplane', [], 'give the definition or its file, not both');
  if (r.violations.length > 0) throw new MeshError('invalid', { violations: r.violations, hint: 'see kuma-dp run --help' });
  return config;
}

function podName(env: Env): string {
  return env['POD_NAME'] && env['POD_NAMESPACE'] ? `${env['POD_NAME']}.${env['POD_NAMESPACE']}` : '';
}

function readProxyType(r: Reader): ProxyType {
  const text = r.text('proxyType', ['KUMA_DATAPLANE_PROXY_TYPE'], 'dataplane');
  if (text === 'dataplane' || text === 'ingress' || text === 'egress') return text;
  r.complain('proxyType', ['KUMA_DATAPLANE_PROXY_TYPE'], `"${text}" is not one of dataplane, ingress, egress`);
  return 'dataplane';
}

function readVariant(r: Reader): boolean {
  const name = 'KUMA_DATAPLANE_RUNTIME_ENVOY_XDS_TRANSPORT_PROTOCOL_VARIANT';
  const text = r.text(undefined, [name], 'GRPC');
  if (text !== 'GRPC' && text !== 'DELTA_GRPC') r.complain(undefined, [name], `"${text}" is not one of GRPC, DELTA_GRPC`);
  return text === 'DELTA_GRPC';
}

/** `KUMA_CONTROL_PLANE_BOOTSTRAP_SERVER_URL` is the name of Kuma 0.2. */
function readAddress(r: Reader): URL {
  const variables = ['KUMA_CONTROL_PLANE_URL', 'KUMA_CONTROL_PLANE_BOOTSTRAP_SERVER_URL'];
  const text = r.text('cpAddress', variables, 'https://localhost:5678');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  r.complain('cpAddress', variables, `"${text}" is not an address such as https://127.0.0.1:5678`);
  return new URL('https://localhost:5678');
}

function readVariables(r: Reader, given: Flags[string]): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const pair of Array.isArray(given) ? given : []) {
    const equals = pair.indexOf('=');
    if (equals > 0) variables[pair.slice(0, equals)] = pair.slice(equals + 1);
    else r.complain('dataplaneVar', [], `"${pair}" is not of the form key=value`);
  }
  return variables;
}
