import { Violations } from '@mesh/core';
import type { KumaConfig } from './schema.js';
import { TLS_VERSIONS } from './sections/tls.js';

/** Rules between keys; each key alone is checked by its field. */
export function validateConfig(config: KumaConfig, violations: Violations): void {
  validatePostgres(config, violations);
  validateZoneHealthCheck(config, violations);
  validateTls(config, violations);
  validateProxyAuthn(config, violations);
  const { globalAddress } = config.multizone.zone;
  const port = Number(globalAddress.slice(globalAddress.lastIndexOf(':') + 1));
  if (globalAddress !== '' && (port < 1 || port > 65535)) {
    add(violations, 'multizone.zone.globalAddress', 'the port must be from 1 to 65535 (KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS)');
  }
  validateZoneIdentity(config, violations);
  const { http, https } = config.apiServer;
  if (http.enabled && https.enabled && http.port === https.port && http.port !== 0) {
    add(violations, 'apiServer.https.port', 'must differ from apiServer.http.port (KUMA_API_SERVER_HTTPS_PORT)');
  }
}

function validatePostgres(config: KumaConfig, violations: Violations): void {
  if (config.store.type !== 'postgres') return;
  const { tls, minOpenConnections, maxOpenConnections, host, dbName } = config.store.postgres;
  if (host === '') add(violations, 'store.postgres.host', 'must not be empty (KUMA_STORE_POSTGRES_HOST)');
  if (dbName === '') add(violations, 'store.postgres.dbName', 'must not be empty (KUMA_STORE_POSTGRES_DB_NAME)');
  if (minOpenConnections > maxOpenConnections) {
    add(violations, 'store.postgres.minOpenConnections', 'must not exceed maxOpenConnections (KUMA_STORE_POSTGRES_MIN_OPEN_CONNECTIONS)');
  }
  if ((tls.mode === 'verifyCa' || tls.mode === 'verifyFull') && tls.caPath === '') {
    add(violations, 'store.postgres.tls.caPath', `is needed for tls.mode ${tls.mode} (KUMA_STORE_POSTGRES_TLS_CA_PATH)`);
  }
  if ((tls.certPath === '') !== (tls.keyPath === '')) {
    add(
      violations,
      'store.postgres.tls',
      'certPath and keyPath go together (KUMA_STORE_POSTGRES_TLS_CERT_PATH, KUMA_STORE_POSTGRES_TLS_KEY_PATH)',
    );
  }
}

function validateZoneHealthCheck(config: KumaConfig, violations: Violations): void {
  const { pollInterval, timeout } = config.multizone.global.kds.zoneHealthCheck;
  if (pollInterval > 0 === timeout > 0) return;
  add(
    violations,
    'multizone.global.kds.zoneHealthCheck',
    'set both pollInterval and timeout, or neither (KUMA_MULTIZONE_GLOBAL_KDS_ZONE_HEALTH_CHECK_…)',
  );
}

/** How a zone proves who it is, on both sides. */
function validateZoneIdentity({ multizone: { global, zone } }: KumaConfig, violations: Violations): void {
  const { cpTokenInline, cpTokenPath, clientCertFile, clientKeyFile } = zone.kds.auth;
  const path = 'multizone.zone.kds.auth';
  if (cpTokenInline !== '' && cpTokenPath !== '')
    add(violations, path, 'cpTokenInline and cpTokenPath exclude each other (KUMA_MULTIZONE_ZONE_KDS_AUTH_…)');
  if ((clientCertFile === '') !== (clientKeyFile === ''))
    add(violations, path, 'clientCertFile and clientKeyFile go together (KUMA_MULTIZONE_ZONE_KDS_AUTH_…)');
  const { tlsEnabled, auth } = global.kds;
  const caPath = 'multizone.global.kds.auth.clientCaFile';
  if (auth.type === 'clientCert' && auth.clientCaFile === '')
    add(violations, caPath, 'is needed where zones must show client certificates (KUMA_MULTIZONE_GLOBAL_KDS_AUTH_CLIENT_CA_FILE)');
  if (auth.clientCaFile !== '' && !tlsEnabled) add(violations, caPath, 'client certificates need multizone.global.kds.tlsEnabled');
}

/** Service accounts are those of Kubernetes. */
function validateProxyAuthn({ dpServer: { authn } }: KumaConfig, violations: Violations): void {
  for (const [name, { type }] of Object.entries({ dpProxy: authn.dpProxy, zoneProxy: authn.zoneProxy })) {
    if (type === 'serviceAccountToken')
      add(violations, `dpServer.authn.${name}.type`, 'serviceAccountToken needs the Kubernetes environment');
  }
}

function validateTls(config: KumaConfig, violations: Violations): void {
  const servers = {
    general: config.general,
    'apiServer.https': config.apiServer.https,
    dpServer: config.dpServer,
    diagnostics: config.diagnostics,
    'multizone.global.kds': config.multizone.global.kds,
  };
  for (const [path, server] of Object.entries(servers)) {
    if ((server.tlsCertFile === '') !== (server.tlsKeyFile === '')) add(violations, path, 'tlsCertFile and tlsKeyFile go together');
    const { tlsMinVersion: min, tlsMaxVersion: max } = server;
    if (max !== '' && TLS_VERSIONS.indexOf(min) > TLS_VERSIONS.indexOf(max))
      add(violations, path, `tlsMinVersion ${min} is above tlsMaxVersion ${max}`);
  }
  const { caFile, certFile, keyFile } = config.internal.tls;
  const given = [caFile, certFile, keyFile].filter((file) => file !== '').length;
  if (given > 0 && given < 3) add(violations, 'internal.tls', 'caFile, certFile and keyFile go together (KUMA_INTERNAL_TLS_…)');
}

function add(violations: Violations, path: string, message: string): void {
  violations.addAll([{ field: path, message }]);
}
