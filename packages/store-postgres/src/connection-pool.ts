import { type Logger, messageOf } from '@mesh/core';
import pg from 'pg';
import { connectionSettings, type PostgresStoreConfig, poolSettings } from './config.js';
import { isAway } from './errors.js';

/** A statement that runs longer is ended by the server; one that is not answered a little later is given up here. */
const STATEMENT_MS_MAX = 60_000;
const ANSWER_MS_MAX = STATEMENT_MS_MAX + 5_000;

/**
 * Connections to one server, at most `maxOpenConnections` at a time. What fails because the server is
 * away closes its connection; idle ones are tried every `healthCheckInterval`.
 */
export class ConnectionPool {
  private readonly pool: pg.Pool;
  private readonly busy = new Set<pg.PoolClient>();
  private readonly check: NodeJS.Timeout;
  private readonly idleMax: number;

  constructor(
    private readonly config: PostgresStoreConfig,
    private readonly log: Logger,
  ) {
    const settings = { statement_timeout: STATEMENT_MS_MAX, query_timeout: ANSWER_MS_MAX };
    this.pool = new pg.Pool({ ...connectionSettings(config), ...poolSettings(config), ...settings });
    this.pool.on('error', (error) => log.debug({ reason: messageOf(error) }, 'an idle connection to the database ended'));
    this.idleMax = config.maxIdleConnections ?? 50;
    this.check = setInterval(() => void this.checkHealth(), config.healthCheckInterval || 30_000);
    this.check.unref();
  }

  /** Connections open now. */
  get size(): number {
    return this.pool.totalCount;
  }

  /** Runs work on a connection of its own. */
  async run<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    this.busy.add(client);
    let broken = false;
    // What happens to a connection between two statements is told to nobody else; the next statement fails.
    const onError = (): void => void (broken = true);
    client.on('error', onError);
    try {
      return await work(client);
    } catch (error) {
      broken ||= isAway(error);
      throw error;
    } finally {
      client.off('error', onError);
      this.busy.delete(client);
      client.release(broken || this.pool.idleCount >= this.idleMax);
    }
  }

  /** Runs one statement. */
  query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.run(async (client) => (await client.query<Row>(text, values)).rows);
  }

  /** Opens the connections that are kept open. */
  async fill(): Promise<void> {
    const wanted = Math.min(this.config.minOpenConnections ?? 0, this.config.maxOpenConnections ?? 50);
    await this.withAll(wanted - this.pool.totalCount);
  }

  /** Ends the connections in use, so that what waits on a server that is gone fails now. */
  reset(): void {
    for (const client of this.busy) endNow(client);
  }

  async close(): Promise<void> {
    clearInterval(this.check);
    await this.pool.end();
  }

  /** Tries what is idle, so that a connection that died quietly is not found by a write. */
  private async checkHealth(): Promise<void> {
    try {
      await this.withAll(this.pool.idleCount);
      await this.fill();
    } catch (error) {
      this.log.debug({ reason: messageOf(error) }, 'connections to the database could not be checked');
    }
  }

  /** Says a word on that many connections at the same time. */
  private async withAll(count: number): Promise<void> {
    const tried = Array.from({ length: Math.max(0, count) }, () => this.query('SELECT 1'));
    const failed = (await Promise.allSettled(tried)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}

/** The driver's own `end` waits for answers; the socket does not. */
function endNow(client: pg.ClientBase): void {
  const { connection } = client as unknown as { readonly connection?: { readonly stream: { destroy(): void } } };
  connection?.stream.destroy();
}
