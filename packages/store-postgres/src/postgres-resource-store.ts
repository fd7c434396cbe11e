import { hostname } from 'node:os';
import {
  type AuditBounds,
  type Clock,
  type FeedEvent,
  type Leadership,
  type ListFilter,
  type Logger,
  MeshError,
  type Mutation,
  type Resource,
  type ResourceKey,
  type ResourceStore,
  silentLogger,
  systemClock,
  type TransactOptions,
  type TransactResult,
} from '@mesh/core';
import { PostgresAudit } from './audit.js';
import { connectionSettings, type PostgresStoreConfig } from './config.js';
import { ConnectionPool } from './connection-pool.js';
import { withDataSource } from './data-source.js';
import { Election } from './election.js';
import type { ResourceEntity } from './entities.js';
import { toMeshError } from './errors.js';
import { CANDIDATE_CHANNEL, LEADER_CHANNEL } from './lease-statements.js';
import { LogTail } from './log-tail.js';
import { LogTrimmer } from './log-trimmer.js';
import { assertSchema, migrate } from './migrate.js';
import { resourceOfRow } from './rows.js';
import { Session } from './session.js';
import { StateReader } from './state-reader.js';
import { WriteQueue } from './write-queue.js';
import { CHANGES_CHANNEL } from './write-statements.js';

export interface PostgresStoreOptions {
  readonly config: PostgresStoreConfig;
  readonly log?: Logger;
  readonly clock?: Clock;
  /** How long records of the audit are kept. */
  readonly audit?: AuditBounds;
  /** Time between signs of life of the one standing connection. */
  readonly keepAliveMs?: number;
  /** How long a write waits for a database that is away before it fails. */
  readonly writePatienceMs?: number;
}

const LOG_LINES_MAX = 100_000;
const LOG_AGE_MAX_MS = 7 * 24 * 3_600_000;
const AUDIT_BOUNDS: AuditBounds = { maxAge: 30 * 24 * 3_600_000, maxRecords: 100_000 };
/** Below the patience of whoever waits for the answer (15 s on the internal interface). */
const WRITE_PATIENCE_MS = 10_000;

const GET = 'SELECT * FROM resources WHERE kind = $1 AND mesh = $2 AND name = $3';
const LIST = 'SELECT * FROM resources WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR mesh = $2)';
const STORE_ID = 'SELECT store_id FROM store_meta WHERE id = 1';

type ResourceRow = ResourceEntity & { readonly [column: string]: unknown };

/** The store of production: rows and change log in one database, shared by all instances. */
export class PostgresResourceStore implements ResourceStore {
  readonly type = 'postgres' as const;
  readonly audit: PostgresAudit;
  private readonly session: Session;
  private readonly tail: LogTail;
  private readonly elections = new Map<string, Election>();
  private readonly log: Logger;
  private readonly writes: WriteQueue;
  private closing: Promise<void> | undefined;

  private readonly reader: StateReader;

  private constructor(
    readonly storeId: string,
    private readonly pool: ConnectionPool,
    options: PostgresStoreOptions,
  ) {
    const { config, log = silentLogger, clock = systemClock, writePatienceMs = WRITE_PATIENCE_MS } = options;
    const { maxLines, maxAge } = config.changeLog ?? { maxLines: LOG_LINES_MAX, maxAge: LOG_AGE_MAX_MS };
    this.log = log;
    this.audit = new PostgresAudit({ pool, bounds: options.audit ?? AUDIT_BOUNDS, clock, log });
    this.reader = new StateReader(pool, config, log);
    const trimmer = new LogTrimmer({ pool, log, ageMaxMs: maxAge, clock });
    this.session = new Session({
      settings: connectionSettings(config),
      channels: [CHANGES_CHANNEL, LEADER_CHANNEL, CANDIDATE_CHANNEL],
      log,
      keepAliveMs: options.keepAliveMs ?? 5_000,
      onNotification: (channel, payload) => this.notified(channel, payload),
      onUp: () => {
        this.tail.sessionUp();
        this.stepElections();
      },
      // What a server that is gone owes us will not be answered.
      onDown: () => this.pool.reset(),
      onTick: () => {
        this.stepElections();
        trimmer.tick();
        this.audit.tick();
      },
    });
    const readAll = (revisionMin: number) => this.reader.read(revisionMin);
    this.tail = new LogTail({ session: this.session, log, readAll, changesMax: config.maxListQueryElements ?? 0 });
    this.writes = new WriteQueue({
      pool,
      clock,
      logLinesMax: maxLines,
      patienceMs: writePatienceMs,
      onWritten: (changes, writeId) => this.tail.offer(changes, writeId),
    });
  }

  /**
   * Connects. Throws `unavailable` where the database cannot be reached, and `invalid` where its
   * schema is missing (unless `autoMigrate`), old, damaged or newer than this build.
   */
  static async open(options: PostgresStoreOptions): Promise<PostgresResourceStore> {
    const { config, log = silentLogger } = options;
    const pool = new ConnectionPool(config, log);
    try {
      await withDataSource(config, async (dataSource) => {
        if (config.autoMigrate) await migrate(dataSource, config);
        await assertSchema(dataSource, config);
      });
      await pool.fill();
      const [meta] = await pool.query<{ store_id: string }>(STORE_ID);
      const store = new PostgresResourceStore(meta?.store_id ?? '', pool, options);
      await store.session.start();
      return store;
    } catch (error) {
      await pool.close();
      throw toMeshError(error);
    }
  }

  async get(key: ResourceKey): Promise<Resource | undefined> {
    const { kind, mesh, name } = key;
    const [row] = await this.guarded(() => this.pool.query<ResourceRow>(GET, [kind, mesh, name]));
    return row && resourceOfRow(row);
  }

  async list(filter: ListFilter): Promise<readonly Resource[]> {
    const rows = await this.guarded(() => this.pool.query<ResourceRow>(LIST, [filter.kind, filter.mesh]));
    return rows.map(resourceOfRow);
  }

  transact(mutations: readonly Mutation[], options: TransactOptions): Promise<TransactResult> {
    if (options.audit) this.audit.grown();
    return this.guarded(() => this.writes.add({ mutations, options }));
  }

  async follow(listener: (event: FeedEvent) => void): Promise<{ stop(): Promise<void> }> {
    return this.guarded(() => this.tail.follow(listener));
  }

  lead(name: string, work: (leadership: Leadership) => Promise<void>): { stop(): Promise<void> } {
    this.assertOpen();
    let election = this.elections.get(name);
    if (!election) {
      const holder = `${hostname()}:${process.pid}`;
      election = new Election(name, {
        query: (text, values) => this.pool.query(text, values),
        standing: this.session,
        log: this.log,
        holder,
      });
      this.elections.set(name, election);
    }
    return election.join(work);
  }

  /** Ends leaderships and feeds, then the connections. Can be repeated. */
  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    await Promise.all([...this.elections.values()].map((election) => election.close()));
    await this.writes.close();
    await this.tail.close();
    await this.session.close();
    await this.reader.close();
    await this.pool.close();
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    this.assertOpen();
    try {
      return await work();
    } catch (error) {
      throw toMeshError(error);
    }
  }

  private assertOpen(): void {
    if (this.closing !== undefined) throw new MeshError('unavailable', { public: 'the store is closed' });
  }

  private notified(channel: string, payload: string): void {
    if (channel === CHANGES_CHANNEL) this.tail.wake(Number(payload));
    else if (channel === CANDIDATE_CHANNEL) this.elections.get(payload)?.awaited();
    else this.stepElections();
  }

  private stepElections(): void {
    for (const election of this.elections.values()) void election.step();
  }
}
