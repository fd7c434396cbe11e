import {
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
import type { DataSource } from 'typeorm';
import { connectionSettings, type PostgresStoreConfig } from './config.js';
import { makeDataSource } from './data-source.js';
import { Election, LEADER_CHANNEL } from './election.js';
import { ResourceEntity, StoreMetaEntity } from './entities.js';
import { toMeshError } from './errors.js';
import { LogTail } from './log-tail.js';
import { assertSchema, migrate } from './migrate.js';
import { resourceOfRow } from './rows.js';
import { Session } from './session.js';
import { CHANGES_CHANNEL } from './write.js';
import { WriteQueue } from './write-queue.js';

export interface PostgresStoreOptions {
  readonly config: PostgresStoreConfig;
  readonly log?: Logger;
  readonly clock?: Clock;
  /** Time between signs of life of the one standing connection. */
  readonly keepAliveMs?: number;
  /** Lines the change log keeps at least; a follower away for longer starts over from a snapshot. */
  readonly logLinesMin?: number;
}

const GET = 'SELECT * FROM resources WHERE kind = $1 AND mesh = $2 AND name = $3';

/** The store of production: rows and change log in one database, shared by all instances. */
export class PostgresResourceStore implements ResourceStore {
  readonly type = 'postgres' as const;
  private readonly session: Session;
  private readonly tail: LogTail;
  private readonly elections = new Map<string, Election>();
  private readonly log: Logger;
  private readonly writes: WriteQueue;
  private closing: Promise<void> | undefined;

  private constructor(
    readonly storeId: string,
    private readonly dataSource: DataSource,
    options: PostgresStoreOptions,
  ) {
    this.log = options.log ?? silentLogger;
    this.writes = new WriteQueue({ dataSource, clock: options.clock ?? systemClock, logLinesMin: options.logLinesMin ?? 100_000 });
    this.session = new Session({
      settings: connectionSettings(options.config),
      channels: [CHANGES_CHANNEL, LEADER_CHANNEL],
      log: this.log,
      keepAliveMs: options.keepAliveMs ?? 5_000,
      onNotification: (channel) => (channel === CHANGES_CHANNEL ? this.tail.wake() : this.stepElections()),
      onUp: () => {
        this.tail.sessionUp();
        this.stepElections();
      },
      onDown: () => this.loseElections(),
      onTick: () => this.stepElections(),
    });
    this.tail = new LogTail({ session: this.session, log: this.log });
  }

  /**
   * Connects. Throws `unavailable` where the database cannot be reached, and `invalid` where its
   * schema is missing (unless `autoMigrate`), old or newer than this build.
   */
  static async open(options: PostgresStoreOptions): Promise<PostgresResourceStore> {
    const dataSource = makeDataSource(options.config);
    try {
      await dataSource.initialize();
      if (options.config.autoMigrate) await migrate(dataSource, options.config);
      await assertSchema(dataSource, options.config);
      const meta = await dataSource.getRepository(StoreMetaEntity).findOneByOrFail({ id: 1 });
      const store = new PostgresResourceStore(meta.store_id, dataSource, options);
      await store.session.start();
      return store;
    } catch (error) {
      if (dataSource.isInitialized) await dataSource.destroy();
      throw toMeshError(error);
    }
  }

  async get(key: ResourceKey): Promise<Resource | undefined> {
    const { kind, mesh, name } = key;
    // Without an entity: this is on the way of every change that comes over KDS.
    const rows: ResourceEntity[] = await this.guarded(() => this.dataSource.query(GET, [kind, mesh, name]));
    return rows[0] && resourceOfRow(rows[0]);
  }

  async list(filter: ListFilter): Promise<readonly Resource[]> {
    const where = {
      ...(filter.kind === undefined ? {} : { kind: filter.kind }),
      ...(filter.mesh === undefined ? {} : { mesh: filter.mesh }),
    };
    const rows = await this.guarded(() => this.dataSource.getRepository(ResourceEntity).find({ where }));
    return rows.map(resourceOfRow);
  }

  async transact(mutations: readonly Mutation[], options: TransactOptions): Promise<TransactResult> {
    const result = await this.guarded(() => this.writes.add({ mutations, options }));
    if (result.changes.length > 0) this.tail.offer(result.changes);
    return result;
  }

  async follow(listener: (event: FeedEvent) => void): Promise<{ stop(): Promise<void> }> {
    return this.guarded(() => this.tail.follow(listener));
  }

  lead(name: string, work: (leadership: Leadership) => Promise<void>): { stop(): Promise<void> } {
    this.assertOpen();
    let election = this.elections.get(name);
    if (!election) {
      election = new Election(name, { session: this.session, log: this.log });
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
    await this.writes.idle();
    await this.tail.close();
    await this.session.close();
    await this.dataSource.destroy();
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

  private stepElections(): void {
    for (const election of this.elections.values()) void election.step();
  }

  private loseElections(): void {
    for (const election of this.elections.values()) election.sessionLost();
  }
}
