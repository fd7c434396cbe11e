import { readFileSync } from 'node:fs';
import { MeshError } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { configFields, configToJson, loadConfig } from './index.js';

function load(yamlText = '', env: Record<string, string> = {}) {
  return loadConfig({ yamlText, env: { HOME: '/home/u', ...env } });
}

function mistakes(yamlText: string, env: Record<string, string> = {}): Record<string, string> {
  try {
    load(yamlText, env);
  } catch (error) {
    if (MeshError.is(error, 'invalid')) return Object.fromEntries(error.violations.map((v) => [v.field, v.message]));
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('loadConfig', () => {
  it('is a standalone zone with a memory store by default', () => {
    const { config, warnings } = load();
    expect(config.mode).toBe('zone');
    expect(config.store.type).toBe('memory');
    expect(config.multizone.zone).toMatchObject({ name: 'default', globalAddress: '' });
    expect(warnings).toEqual([]);
  });

  it('lets the environment win over YAML and YAML over defaults', () => {
    const { config } = load('apiServer: {http: {port: 1111}, https: {port: 2222}}', { KUMA_API_SERVER_HTTP_PORT: '3333' });
    expect([config.apiServer.http.port, config.apiServer.https.port, config.dpServer.port]).toEqual([3333, 2222, 5678]);
  });

  it('reads YAML keys in any case', () => {
    const { config, warnings } = load('DNSserver: {cidr: 250.0.0.0/8}');
    expect(config.dnsServer.CIDR).toBe('250.0.0.0/8');
    expect(warnings).toEqual([]);
  });

  it.each([
    ['apiServer: {htp: {port: 1}}', 'apiServer.htp: is no configuration key: did you mean apiServer.http?'],
    ['dnsServer: {domian: x}', 'dnsServer.domian: is no configuration key: did you mean dnsServer.domain?'],
    ['bootstrapServer: {xdsHost: x}', 'bootstrapServer.xdsHost: is no configuration key: did you mean bootstrapServer.params.xdsHost?'],
    ['foo: 1', 'foo: is no configuration key; docs/configuration.md lists them all'],
  ])('refuses the unknown key of %s with a suggestion', (yaml, message) => {
    expect(() => load(yaml)).toThrow(message);
  });

  it('refuses a variable that is nearly one of its own, and only warns about those that may be for somebody else', () => {
    expect(() => load('', { KUMA_API_SERVER_HTTP_PROT: '1' })).toThrow('did you mean KUMA_API_SERVER_HTTP_PORT?');
    expect(() => load('', { KUMA_MULTIZONE_ZONE_NAMES: 'x' })).toThrow('did you mean KUMA_MULTIZONE_ZONE_NAME?');
    expect(load('', { KUMA_SOMETHING_ELSE: '1' }).warnings).toEqual(['variable KUMA_SOMETHING_ELSE is unknown and ignored']);
    expect(load('', { KUMA_INJECTOR_CA_CERT_FILE: 'x' }).warnings).toEqual([
      'variable KUMA_INJECTOR_CA_CERT_FILE has no effect: read by the Kubernetes environment only',
    ]);
    const foreign = {
      KUMA_DATAPLANE_MESH: 'm',
      KUMA_DNS_ENABLED: 'true',
      KUMA_CONTROL_PLANE_URL: 'x',
      KUMA_CONTROL_PLANE_SERVICE_HOST: '10.0.0.1',
      KUMA_CONTROL_PLANE_PORT_5681_TCP_ADDR: '10.0.0.1',
    };
    expect(load('', foreign).warnings).toEqual([]);
  });

  it('names keys that later versions of Kuma dropped, and goes on', () => {
    const { warnings } = load('guiServer: {port: 5683}\nsdsServer: {grpcPort: 1}\napiServer: {port: 1}');
    expect(warnings).toEqual([
      'configuration key guiServer has no effect: use apiServer.gui',
      'configuration key sdsServer has no effect: certificates travel with the rest of the configuration of proxies',
      'configuration key apiServer.port has no effect: use apiServer.http.port',
    ]);
  });

  it('reads lists of public keys from variables, as JSON', () => {
    const name = 'KUMA_DP_SERVER_AUTHN_DP_PROXY_DP_TOKEN_VALIDATOR_PUBLIC_KEYS';
    const keys = [{ kid: '1', mesh: 'default', key: 'PEM' }];
    expect(load('', { [name]: JSON.stringify(keys) }).config.dpServer.authn.dpProxy.dpToken.validator.publicKeys).toEqual(keys);
    for (const text of ['{', '{}', '[{"kid":"1"}]', '[{"kid":"1","key":"a","keyFile":"b"}]', '[{"kid":1,"key":"a"}]'])
      expect(() => load('', { [name]: text })).toThrow(name);
  });

  it('refuses the service accounts of Kubernetes as credentials of proxies, and two tokens of one zone', () => {
    expect(() => load('dpServer: {authn: {dpProxy: {type: serviceAccountToken}}}')).toThrow('needs the Kubernetes environment');
    expect(() => load('multizone: {zone: {kds: {auth: {cpTokenInline: a, cpTokenPath: b}}}}')).toThrow('exclude each other');
  });

  it('refuses client certificates of zones without a key, without a CA, and without TLS', () => {
    expect(() => load('multizone: {zone: {kds: {auth: {clientCertFile: a}}}}')).toThrow('go together');
    expect(() => load('multizone: {global: {kds: {auth: {type: clientCert}}}}')).toThrow('KUMA_MULTIZONE_GLOBAL_KDS_AUTH_CLIENT_CA_FILE');
    expect(() => load('multizone: {global: {kds: {tlsEnabled: false, auth: {clientCaFile: a}}}}')).toThrow('tlsEnabled');
  });

  it('knows the variables of Kuma that break the rule of spelling', () => {
    const { config } = load('', {
      KUMA_METRICS_OPENTELEMETRY_ENABLED: 'false',
      KUMA_EXPERIMENTAL_KUBE_OUTBOUNDS_AS_VIPS: 'false',
      KUMA_IPAM_KNOWN_INTERNAL_CIDRS: '10.0.0.0/8',
    });
    expect([config.metrics.openTelemetry.enabled, config.experimental.kubeOutboundsAsVIPs, config.ipam.knownInternalCIDRs]).toEqual([
      false,
      false,
      ['10.0.0.0/8'],
    ]);
  });

  it('warns about values that change nothing, and not about defaults', () => {
    const { warnings } = load('reports: {enabled: false}\nstore: {postgres: {driverName: postgres}}\nmetrics: {mesh: {bufferSize: 7}}', {
      KUMA_INTER_CP_SERVER_PORT: '1',
    });
    expect(warnings).toEqual([
      'configuration key store.postgres.driverName (KUMA_STORE_POSTGRES_DRIVER_NAME) has no effect: there is one driver',
      'configuration key metrics.mesh.bufferSize (KUMA_METRICS_MESH_BUFFER_SIZE) has no effect',
      'configuration key interCp.server.port (KUMA_INTER_CP_SERVER_PORT) has no effect: instances meet in the store',
    ]);
  });

  it('reads durations of Go in milliseconds, and YAML numbers as nanoseconds', () => {
    const { config } = load('apiServer: {readTimeout: 1h30m, idleTimeout: 2000000}', { KUMA_API_SERVER_WRITE_TIMEOUT: '1m0.5s' });
    const { readTimeout, idleTimeout, writeTimeout } = config.apiServer;
    expect([readTimeout, idleTimeout, writeTimeout]).toEqual([5_400_000, 2, 60_500]);
  });

  it.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('reads %s as true, as Go does', (text) => {
    expect(load('', { KUMA_API_SERVER_READ_ONLY: text }).config.apiServer.readOnly).toBe(true);
  });

  it('splits lists at commas', () => {
    const { config } = load('', {
      KUMA_API_SERVER_CORS_ALLOWED_DOMAINS: 'https://a, https://b',
      KUMA_ACCESS_STATIC_GENERATE_DP_TOKEN_USERS: '',
    });
    expect(config.apiServer.corsAllowedDomains).toEqual(['https://a', 'https://b']);
    expect(config.access.static.generateDpToken.users).toEqual([]);
  });

  it('reports every mistake at once, with key, variable and what is allowed', () => {
    const found = mistakes('mode: both\nmultizone: {zone: {name: "Not A Name", globalAddress: "http://x:1"}}\nstore: 7', {
      KUMA_DP_SERVER_PORT: '70000',
      KUMA_API_SERVER_HTTP_ENABLED: 'yes',
      KUMA_DIAGNOSTICS_SERVER_PORT: '5e3',
    });
    expect(found).toEqual({
      mode: 'must be one of zone, global (KUMA_MODE)',
      'multizone.zone.name': 'must be a DNS name of at most 63 lower-case letters, digits and dashes (KUMA_MULTIZONE_ZONE_NAME)',
      'multizone.zone.globalAddress': 'must be grpc://host:port or grpcs://host:port, or empty (KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS)',
      store: 'must be a mapping of keys',
      'dpServer.port': 'must be a whole number from 0 to 65535 (KUMA_DP_SERVER_PORT)',
      'apiServer.http.enabled': 'must be true or false (KUMA_API_SERVER_HTTP_ENABLED)',
      'diagnostics.serverPort': 'must be a whole number from 0 to 65535 (KUMA_DIAGNOSTICS_SERVER_PORT)',
    });
  });

  it('checks rules between keys', () => {
    const found = mistakes(`
store: {type: postgres, postgres: {minOpenConnections: 60, tls: {mode: verifyCa, certPath: /c}}}
multizone: {global: {kds: {zoneHealthCheck: {timeout: 5s}}}}`);
    expect(Object.keys(found)).toEqual([
      'store.postgres.minOpenConnections',
      'store.postgres.tls.caPath',
      'store.postgres.tls',
      'multizone.global.kds.zoneHealthCheck',
    ]);
  });

  it('puts files into the work directory unless told otherwise', () => {
    const { config } = load('apiServer: {https: {tlsCertFile: /x.crt, tlsKeyFile: /x.key}}');
    expect(config.general.workDir).toBe('/home/u/.kuma');
    expect(config.dpServer.tlsCertFile).toBe('/home/u/.kuma/kuma-cp.crt');
    expect(config.internal.tls.caFile).toBe('/home/u/.kuma/internal-ca.crt');
    expect(config.apiServer.https.tlsCertFile).toBe('/x.crt');
  });

  it('hands every setting of the database to the store under the name and in the unit it takes', () => {
    const prefixed = Object.entries({
      HOST: 'db',
      PORT: '5433',
      USER: 'me',
      PASSWORD: 'secret',
      DB_NAME: 'mesh',
      DRIVER_NAME: 'postgres',
      CONNECTION_TIMEOUT: '7',
      MAX_CONNECTION_IDLE_TIME: '10m',
      MAX_CONNECTION_LIFETIME: '2h',
      MAX_CONNECTION_LIFETIME_JITTER: '3s',
      HEALTH_CHECK_INTERVAL: '4s',
      MIN_OPEN_CONNECTIONS: '2',
      MAX_OPEN_CONNECTIONS: '9',
      MAX_IDLE_CONNECTIONS: '5',
      TLS_MODE: 'verifyCa',
      TLS_CERT_PATH: '/c.crt',
      TLS_KEY_PATH: '/c.key',
      TLS_CA_PATH: '/ca.crt',
      TLS_DISABLE_SSLSNI: 'true',
      MAX_LIST_QUERY_ELEMENTS: '11',
      READ_REPLICA_HOST: 'replica',
      READ_REPLICA_PORT: '5434',
      READ_REPLICA_RATIO: '60',
      CHANGE_LOG_MAX_AGE: '1h',
      CHANGE_LOG_MAX_LINES: '1200',
      TOLERATE_NEWER_DB_VERSIONS: 'true',
      AUTO_MIGRATE: 'true',
    }).map(([name, value]) => [`KUMA_STORE_POSTGRES_${name}`, value]);
    const { config } = loadConfig({ yamlText: '', env: { HOME: '/home/u', KUMA_STORE_TYPE: 'postgres', ...Object.fromEntries(prefixed) } });
    expect(config.store.postgres).toEqual({
      host: 'db',
      port: 5433,
      user: 'me',
      password: 'secret',
      dbName: 'mesh',
      driverName: 'postgres',
      connectionTimeout: 7,
      maxConnectionIdleTime: 600_000,
      maxConnectionLifetime: 7_200_000,
      maxConnectionLifetimeJitter: 3_000,
      healthCheckInterval: 4_000,
      minOpenConnections: 2,
      maxOpenConnections: 9,
      maxIdleConnections: 5,
      tls: { mode: 'verifyCa', certPath: '/c.crt', keyPath: '/c.key', caPath: '/ca.crt', disableSSLSNI: true },
      maxListQueryElements: 11,
      readReplica: { host: 'replica', port: 5434, ratio: 60 },
      changeLog: { maxAge: 3_600_000, maxLines: 1200 },
      tolerateNewerDBVersions: true,
      autoMigrate: true,
    });
  });

  it('gives every variable to one key only', () => {
    const names = configFields.flatMap((f) => f.env ?? []);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  it('knows the irregular variable names of Kuma', () => {
    const { config } = load('', {
      KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY: '3s',
      KUMA_STORE_POSTGRES_TLS_CA_PATH: '/ca',
      KUMA_STORE_POSTGRES_TLS_DISABLE_SSLSNI: 'true',
      KUMA_STORE_POSTGRES_DB_NAME: 'kuma2',
      KUMA_ACCESS_STATIC_GET_CONFIG_DUMP_GROUPS: 'ops',
      KUMA_DNS_SERVER_SERVICE_VIP_PORT: '8080',
      KUMA_GENERAL_DNS_CACHE_TTL: '1s',
    });
    expect(config.xdsServer.dataplaneDeregistrationDelay).toBe(3000);
    expect(config.store.postgres).toMatchObject({ dbName: 'kuma2', tls: { caPath: '/ca', disableSSLSNI: true } });
    expect(config.access.static.viewConfigDump.groups).toEqual(['ops']);
    expect(config.dnsServer.serviceVipPort).toBe(8080);
    expect(config.general.dnsCacheTTL).toBe(1000);
  });
});

describe('names of Kuma 0.6', () => {
  it('takes KUMA_MODE_MODE=remote and KUMA_MODE_REMOTE_ZONE', () => {
    const { config, warnings } = load('', { KUMA_MODE_MODE: 'remote', KUMA_MODE_REMOTE_ZONE: 'zone-1' });
    expect(config.mode).toBe('zone');
    expect(config.multizone.zone.name).toBe('zone-1');
    expect(warnings).toHaveLength(3);
  });

  it.each(['standalone', 'remote'])('takes mode %s from the environment and from YAML', (mode) => {
    expect(load('', { KUMA_MODE: mode }).config.mode).toBe('zone');
    const fromYaml = load(`mode: ${mode}`);
    expect(fromYaml.config.mode).toBe('zone');
    expect(fromYaml.warnings).toEqual([`mode "${mode}" is deprecated: use "zone"`]);
  });

  it('takes the mapping under mode with its list of zones', () => {
    const yaml = `
mode:
  global:
    lbaddress: grpcs://10.0.0.1:5685
    zones:
      - remote: {address: grpcs://10.0.0.2:5685}
        ingress: {address: 10.0.0.2:8080}`;
    const { config, warnings } = load(yaml, { KUMA_MODE_MODE: 'global' });
    expect(config.mode).toBe('global');
    expect(warnings).toContain('mode.global.zones is ignored: zones dial the global and appear by themselves');
  });
});

describe('printConfig', () => {
  it('has the shape a Kuma control plane prints', () => {
    const url = new URL('../../testdata/kuma-config.json', import.meta.url);
    const kuma: unknown = JSON.parse(readFileSync(url, 'utf8'));
    const { config } = load('multizone: {zone: {name: default}}', {
      KUMA_MODE: 'global',
      KUMA_INTER_CP_CATALOG_INSTANCE_ADDRESS: '10.77.0.1',
    });
    expect(configToJson(config)).toMatchObject(kuma as object);
  });

  it('redacts the password', () => {
    const { config } = load('', { KUMA_STORE_POSTGRES_PASSWORD: 'hunter2' });
    expect(JSON.stringify(configToJson(config))).not.toContain('hunter2');
  });
});
