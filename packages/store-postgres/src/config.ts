import { readFileSync } from 'node:fs';
import { MeshError, messageOf } from '@mesh/core';

/** Settings of the database, named as in `store.postgres` (contract/rest-api.md §6). Durations are milliseconds. */
export interface PostgresStoreConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly dbName: string;
  /** Seconds. */
  readonly connectionTimeout?: number;
  readonly maxConnectionIdleTime?: number;
  readonly maxConnectionLifetime?: number;
  readonly maxConnectionLifetimeJitter?: number;
  readonly minOpenConnections?: number;
  readonly maxOpenConnections?: number;
  readonly tls?: PostgresTlsConfig;
  readonly tolerateNewerDBVersions?: boolean;
  readonly autoMigrate?: boolean;
}

export interface PostgresTlsConfig {
  readonly mode: 'disable' | 'verifyNone' | 'verifyCa' | 'verifyFull';
  readonly certPath: string;
  readonly keyPath: string;
  readonly caPath: string;
}

/** What a connection needs, in the terms of the driver. */
export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl: TlsSettings | false;
  readonly connectionTimeoutMillis: number;
  readonly application_name: string;
  readonly keepAlive: true;
}

/** The part of Node's TLS options in use. */
export interface TlsSettings {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly rejectUnauthorized?: boolean;
  readonly checkServerIdentity?: () => undefined;
}

/** Reads the TLS files; throws MeshError `invalid` where one cannot be read. */
export function connectionSettings(config: PostgresStoreConfig): ConnectionSettings {
  return {
    host: config.host,
    port: config.port,
    user: config.user,
    password: config.password,
    database: config.dbName,
    ssl: tlsOptions(config.tls),
    connectionTimeoutMillis: (config.connectionTimeout ?? 5) * 1000,
    application_name: 'mesh',
    keepAlive: true,
  };
}

/** Settings of the pool: bounded, and idle connections are given back. */
export function poolSettings(config: PostgresStoreConfig) {
  const jitterMs = Math.random() * (config.maxConnectionLifetimeJitter ?? 60_000);
  return {
    min: config.minOpenConnections ?? 0,
    max: config.maxOpenConnections ?? 50,
    idleTimeoutMillis: config.maxConnectionIdleTime ?? 1_800_000,
    maxLifetimeSeconds: Math.ceil(((config.maxConnectionLifetime ?? 3_600_000) + jitterMs) / 1000),
    statement_timeout: 60_000,
    idle_in_transaction_session_timeout: 30_000,
  };
}

function tlsOptions(tls: PostgresTlsConfig | undefined): TlsSettings | false {
  if (!tls || tls.mode === 'disable') return false;
  const files = {
    ...(tls.certPath ? { cert: readPem(tls.certPath) } : {}),
    ...(tls.keyPath ? { key: readPem(tls.keyPath) } : {}),
    ...(tls.caPath ? { ca: readPem(tls.caPath) } : {}),
  };
  if (tls.mode === 'verifyNone') return { ...files, rejectUnauthorized: false };
  return tls.mode === 'verifyFull' ? files : { ...files, checkServerIdentity: () => undefined };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new MeshError('invalid', { public: `cannot read ${path} of store.postgres.tls: ${messageOf(cause)}`, cause });
  }
}
