import { readFileSync } from 'node:fs';
import { isIP, type NetConnectOpts, Socket, type TcpNetConnectOpts } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
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
  readonly healthCheckInterval?: number;
  readonly minOpenConnections?: number;
  readonly maxOpenConnections?: number;
  readonly maxIdleConnections?: number;
  readonly tls?: PostgresTlsConfig;
  /** Changes a follower reads one by one to catch up; where it missed more it loads the whole state. 0: no such bound. */
  readonly maxListQueryElements?: number;
  readonly readReplica?: ReadReplicaConfig;
  readonly changeLog?: ChangeLogConfig;
  readonly tolerateNewerDBVersions?: boolean;
  readonly autoMigrate?: boolean;
}

export interface PostgresTlsConfig {
  readonly mode: 'disable' | 'verifyNone' | 'verifyCa' | 'verifyFull';
  readonly certPath: string;
  readonly keyPath: string;
  readonly caPath: string;
  readonly disableSSLSNI?: boolean;
}

/** A server that follows the primary one and answers reads of the whole state. */
export interface ReadReplicaConfig {
  /** Empty: there is none. */
  readonly host: string;
  readonly port: number;
  /** Percent of those reads that go there. */
  readonly ratio: number;
}

/** How long lines of the change log are kept: a line goes when either bound is passed. */
export interface ChangeLogConfig {
  /** Milliseconds; 0: no such bound. */
  readonly maxAge: number;
  readonly maxLines: number;
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
  /** Makes the socket of one connection. */
  readonly stream: () => Socket;
}

/** The part of Node's TLS options in use. */
export interface TlsSettings {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly rejectUnauthorized?: boolean;
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/** What the driver is told as the host where no server name may be sent: it sends none for an address. */
const NAMELESS_HOST = '127.0.0.1';

/** Reads the TLS files; throws MeshError `invalid` where one cannot be read. */
export function connectionSettings(config: PostgresStoreConfig): ConnectionSettings {
  const { host, port, tls } = config;
  const nameless = tls !== undefined && tls.mode !== 'disable' && tls.disableSSLSNI === true && isIP(host) === 0;
  return {
    host: nameless ? NAMELESS_HOST : host,
    port,
    user: config.user,
    password: config.password,
    database: config.dbName,
    ssl: tlsOptions(tls, host),
    connectionTimeoutMillis: (config.connectionTimeout ?? 5) * 1000,
    application_name: 'mesh',
    keepAlive: true,
    stream: () => (nameless ? new SocketTo({ host, port }) : new Socket()),
  };
}

/** A socket that connects to its own target, whatever the driver says. */
class SocketTo extends Socket {
  constructor(private readonly target: TcpNetConnectOpts) {
    super();
  }

  override connect(..._asked: unknown[]): this {
    return super.connect(this.target as NetConnectOpts);
  }
}

/** Settings of the pool: bounded, and idle connections are given back. */
export function poolSettings(config: PostgresStoreConfig) {
  const jitterMs = Math.random() * (config.maxConnectionLifetimeJitter ?? 60_000);
  return {
    min: config.minOpenConnections ?? 0,
    max: config.maxOpenConnections ?? 50,
    idleTimeoutMillis: config.maxConnectionIdleTime ?? 1_800_000,
    maxLifetimeSeconds: Math.ceil(((config.maxConnectionLifetime ?? 3_600_000) + jitterMs) / 1000),
  };
}

function tlsOptions(tls: PostgresTlsConfig | undefined, host: string): TlsSettings | false {
  if (!tls || tls.mode === 'disable') return false;
  const files = {
    ...(tls.certPath ? { cert: readPem(tls.certPath) } : {}),
    ...(tls.keyPath ? { key: readPem(tls.keyPath) } : {}),
    ...(tls.caPath ? { ca: readPem(tls.caPath) } : {}),
  };
  if (tls.mode === 'verifyNone') return { ...files, rejectUnauthorized: false };
  return {
    ...files,
    checkServerIdentity: (_, certificate) => (tls.mode === 'verifyFull' ? checkServerIdentity(host, certificate) : undefined),
  };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new MeshError('invalid', { public: `cannot read ${path} of store.postgres.tls: ${messageOf(cause)}`, cause });
  }
}
