import { bool, duration, int, oneOf, port, section, str } from '../field.js';

const postgresTls = section({
  mode: oneOf(['disable', 'verifyNone', 'verifyCa', 'verifyFull'], 'disable', 'How the server certificate is checked.'),
  certPath: str('', 'PEM file of the client certificate.'),
  keyPath: str('', 'PEM file of the client key.'),
  caPath: str('', 'PEM file of the CA that signed the server certificate.'),
  disableSSLSNI: bool(false, 'Do not send the name of the server when TLS begins; it is checked all the same.'),
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
  healthCheckInterval: duration('30s', 'Time between two checks of unused pooled connections.', { min: '1s' }),
  minOpenConnections: int(0, 'Pooled connections kept open.', { max: 10_000 }),
  maxOpenConnections: int(50, 'Most pooled connections; one more listens for changes.', { min: 1, max: 10_000 }),
  maxIdleConnections: int(50, 'Most pooled connections kept while unused.', { max: 10_000 }),
  tls: postgresTls,
  maxListQueryElements: int(
    0,
    'An instance that missed more changes loads the whole state instead of them; 0: only where the change log lacks some.',
  ),
  readReplica: section({
    host: str(
      '',
      'Host of a replica that answers reads of the whole state; empty: the database server does. Other reads come from memory.',
    ),
    port: port(5432, 'Port of the replica.'),
    ratio: int(100, 'Percent of the reads of the whole state that go to the replica.', { max: 100 }),
  }),
  changeLog: section({
    maxAge: duration('168h', 'Lines of the change log that are older are removed; 0s: whatever their age.'),
    maxLines: int(100_000, 'Lines the change log keeps; an instance that was away for more loads the whole state.', { min: 1_000 }),
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
  audit: section({
    maxAge: duration('720h', 'Records of who asked for what are removed when they are older; 0s: whatever their age.'),
    maxRecords: int(
      100_000,
      'Records kept of what was done, and as many of what was refused to callers that are known; a tenth of that of what was refused to strangers. In memory at most 10,000.',
      { min: 100 },
    ),
  }),
  unsafeDelete: bool(false, 'Delete a mesh although it still has dataplanes.'),
});
