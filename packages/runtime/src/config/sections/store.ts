import { bool, duration, int, oneOf, port, section, str } from '../field.js';

const postgresTls = section({
  mode: oneOf(['disable', 'verifyNone', 'verifyCa', 'verifyFull'], 'disable', 'How the server certificate is checked.'),
  certPath: str('', 'PEM file of the client certificate.'),
  keyPath: str('', 'PEM file of the client key.'),
  caPath: str('', 'PEM file of the CA that signed the server certificate.'),
  disableSSLSNI: bool(false, 'Accepted for Kuma; the server name is always sent.'),
});

const postgres = section({
  host: str('127.0.0.1', 'Host of the database server.'),
  port: port(15432, 'Port of the database server.'),
  user: str('kuma', 'Role to log in as.'),
  password: str('kuma', 'Password of the role.', { secret: true }),
  dbName: str('kuma', 'Name of the database.'),
  driverName: oneOf(['pgx', 'postgres'], 'pgx', 'Accepted for Kuma; there is one driver.'),
  connectionTimeout: int(5, 'Seconds until connecting fails.', { min: 1, max: 3600 }),
  maxConnectionIdleTime: duration('30m', 'A pooled connection unused for so long is closed.'),
  maxConnectionLifetime: duration('1h', 'A pooled connection is replaced after so long.'),
  maxConnectionLifetimeJitter: duration('1m', 'Random part added to maxConnectionLifetime.'),
  healthCheckInterval: duration('30s', 'Accepted for Kuma; connections are watched, not polled.'),
  minOpenConnections: int(0, 'Pooled connections kept open.', { max: 10_000 }),
  maxOpenConnections: int(50, 'Most pooled connections.', { min: 1, max: 10_000 }),
  maxIdleConnections: int(50, 'Accepted for Kuma; the pool closes by idle time.', { max: 10_000 }),
  tls: postgresTls,
  maxListQueryElements: int(0, 'Accepted for Kuma; lists come from memory.'),
  readReplica: section({
    host: str('', 'Accepted for Kuma; reads come from memory.'),
    port: port(5432, 'Accepted for Kuma; reads come from memory.'),
    ratio: int(100, 'Accepted for Kuma; reads come from memory.', { max: 100 }),
  }),
  tolerateNewerDBVersions: bool(false, 'Start although the schema is newer than this build.'),
  autoMigrate: bool(false, 'Bring the schema up to date at start, as `migrate up` does.'),
});

/** `store`: where resources are kept. */
export const store = section({
  type: oneOf(['memory', 'postgres'], 'memory', 'Where resources are kept.'),
  postgres,
  kubernetes: section({ systemNamespace: str('kuma-system', 'Accepted for Kuma; read by the Kubernetes environment only.') }),
  cache: section({
    enabled: bool(true, 'Accepted for Kuma; every read comes from the live view.'),
    expirationTime: duration('1s', 'Accepted for Kuma; every read comes from the live view.'),
  }),
  upsert: section({
    conflictRetryBaseBackoff: duration('200ms', 'Accepted for Kuma; a lost race is tried again at once.'),
    conflictRetryMaxTimes: int(10, 'Accepted for Kuma; a lost race is tried again at once.'),
    conflictRetryJitterPercent: int(30, 'Accepted for Kuma; a lost race is tried again at once.', { max: 100 }),
  }),
  unsafeDelete: bool(false, 'Delete a mesh although it still has dataplanes.'),
});
