import { randomInt } from 'node:crypto';
import { type Logger, messageOf } from '@mesh/core';
import type { PostgresStoreConfig } from './config.js';
import { ConnectionPool } from './connection-pool.js';
import type { ResourceEntity } from './entities.js';
import type { FullState } from './log-tail.js';
import { resourceOfRow } from './rows.js';

/** One statement, so that revision and resources are of one moment. */
const READ_ALL = `
  SELECT m.revision AS store_revision, l.write_id AS store_write_id, r.*
  FROM store_meta m LEFT JOIN change_log l ON l.revision = m.revision LEFT JOIN resources r ON true WHERE m.id = 1`;

type StateRow = ResourceEntity & { readonly store_revision: string; readonly store_write_id: string | null };

/** Connections that a replica is read on at most. */
const REPLICA_CONNECTIONS_MAX = 2;

/**
 * Reads the whole state, `readReplica.ratio` percent of the times from a replica. That may be behind: the log, which
 * always comes from the primary server, tells what is missing.
 */
export class StateReader {
  private readonly replica: ConnectionPool | undefined;
  private readonly ratio: number;

  constructor(
    private readonly primary: ConnectionPool,
    config: PostgresStoreConfig,
    private readonly log: Logger,
  ) {
    const { host = '', port = config.port, ratio = 100 } = config.readReplica ?? {};
    this.ratio = ratio;
    if (host === '' || ratio === 0) return;
    const { maxOpenConnections = REPLICA_CONNECTIONS_MAX } = config;
    const bounds = { minOpenConnections: 0, maxOpenConnections: Math.min(maxOpenConnections, REPLICA_CONNECTIONS_MAX) };
    this.replica = new ConnectionPool({ ...config, host, port, ...bounds }, log);
  }

  /** @param revisionMin a picture that is older is read again from the primary server; infinite: that is asked at once. */
  async read(revisionMin: number): Promise<FullState> {
    const { replica } = this;
    if (!replica || !Number.isFinite(revisionMin) || randomInt(100) >= this.ratio) return readState(this.primary);
    try {
      const state = await readState(replica);
      if (state.snapshot.revision >= revisionMin) return state;
      this.log.debug({ revision: state.snapshot.revision, revisionMin }, 'the read replica is behind: reading from the primary database');
    } catch (error) {
      this.log.warn({ reason: messageOf(error) }, 'the read replica cannot be read: reading from the primary database');
    }
    return readState(this.primary);
  }

  async close(): Promise<void> {
    await this.replica?.close();
  }
}

async function readState(pool: ConnectionPool): Promise<FullState> {
  const rows = await pool.query<StateRow & { [column: string]: unknown }>(READ_ALL);
  const resources = rows.filter((row) => row.kind !== null).map(resourceOfRow);
  const [first] = rows;
  return { snapshot: { revision: Number(first?.store_revision ?? 0), resources }, writeId: first?.store_write_id ?? null };
}
