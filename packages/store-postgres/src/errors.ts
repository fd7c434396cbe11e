import { MeshError, messageOf } from '@mesh/core';

const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '53300', // too_many_connections
  '55P03', // lock_not_available
  '57014', // query_canceled: statement timeout
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '25P03', // idle_in_transaction_session_timeout
  '25006', // read_only_sql_transaction: a standby that is not the primary yet, or a primary that was put out of service
  '53100', // disk_full
]);

const REFUSED = new Set([
  '28000', // invalid_authorization_specification
  '28P01', // invalid_password
  '3D000', // invalid_catalog_name
  '42501', // insufficient_privilege
]);

const AWAY_TEXT =
  /connection terminated|connection ended|not queryable|timeout exceeded|timeout expired|read timeout|connection error|after calling end/i;

/** Whether an error says that the database cannot be reached now. */
export function isAway(error: unknown): boolean {
  const code = codeOf(error);
  return AWAY.has(code) || code.startsWith('08') || AWAY_TEXT.test(messageOf(error));
}

/** SQLSTATE or system error code; empty where there is none. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** Turns what the driver throws into MeshErrors: `unavailable` where trying again may help. */
export function toMeshError(error: unknown): MeshError {
  if (MeshError.is(error)) return error;
  if (isAway(error)) {
    return new MeshError('unavailable', {
      public: 'the database cannot be reached',
      internal: `database: ${messageOf(error)}`,
      cause: error,
    });
  }
  if (codeOf(error) === '54000') {
    return new MeshError('too_large', {
      public: 'the database cannot hold a name of this length',
      internal: messageOf(error),
      cause: error,
    });
  }
  if (REFUSED.has(codeOf(error))) {
    return new MeshError('invalid', {
      public: `the database refuses us: ${messageOf(error)}`,
      hint: 'check store.postgres (KUMA_STORE_POSTGRES_*)',
      cause: error,
    });
  }
  return new MeshError('internal', { public: 'internal error', internal: `database: ${messageOf(error)}`, cause: error });
}
