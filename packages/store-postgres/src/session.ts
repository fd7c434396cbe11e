import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Logger, MeshError, messageOf } from '@mesh/core';
import pg from 'pg';
import type { ConnectionSettings } from './config.js';
import { isAway, toMeshError } from './errors.js';

export interface SessionOptions {
  readonly settings: ConnectionSettings;
  /** Channels to LISTEN to. */
  readonly channels: readonly string[];
  readonly log: Logger;
  /** Time between signs of life, which also find half-open connections. */
  readonly keepAliveMs: number;
  onNotification(channel: string, payload: string): void;
  /** Connected, at first and again. */
  onUp(): void;
  onDown(): void;
  /** After each sign of life. */
  onTick(): void;
}

const BACKOFF_MIN_MS = 50;
/** Short, as everything waits for it; a random part of as much comes on top. */
const BACKOFF_MAX_MS = 500;

/**
 * One connection that lives as long as the store: it listens and reads the log. Reconnects by
 * itself; while it is away `query` throws `unavailable`.
 */
export class Session {
  private client: pg.Client | undefined;
  private connectedAt = 0;
  private closed = false;
  private retry: NodeJS.Timeout | undefined;
  private keepAlive: NodeJS.Timeout | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(private readonly options: SessionOptions) {}

  /** When the connection that stands came up, by `performance.now()`; undefined while there is none. */
  get upSince(): number | undefined {
    return this.client && this.connectedAt;
  }

  /** Connects for the first time; throws `unavailable` where that fails. */
  async start(): Promise<void> {
    try {
      await this.connect();
    } catch (error) {
      throw toMeshError(error);
    }
  }

  /** Runs a statement after those asked for before. */
  query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    this.waiting++;
    const done = this.turn.then(() => this.queryNow<Row>(text, values)).finally(() => this.waiting--);
    this.turn = done.catch(() => {});
    return done;
  }

  private async queryNow<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> {
    const { client } = this;
    if (!client) throw new MeshError('unavailable', { public: 'the database cannot be reached' });
    try {
      return (await client.query<Row>(text, values)).rows;
    } catch (error) {
      if (isAway(error)) this.drop(client, error);
      throw toMeshError(error);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    clearInterval(this.keepAlive);
    const { client } = this;
    this.client = undefined;
    if (client) await client.end().catch(() => {});
  }

  private async connect(): Promise<void> {
    const socket = this.options.settings.stream();
    const client = new pg.Client({ ...this.options.settings, query_timeout: 60_000, stream: () => socket });
    client.on('error', (error) => this.drop(client, error));
    client.on('end', () => this.drop(client, new Error('connection ended')));
    client.on('notification', ({ channel, payload = '' }) => this.options.onNotification(channel, payload));
    try {
      await client.connect();
      // The server forgets a client it cannot reach after about half a minute.
      await client.query('SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3');
      await client.query(this.options.channels.map((channel) => `LISTEN ${client.escapeIdentifier(channel)}`).join('; '));
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
    if (this.closed) return void client.end().catch(() => {});
    this.client = client;
    this.connectedAt = performance.now();
    const silence = new SilenceDetector(socket);
    this.keepAlive = setInterval(() => void this.tick(client, silence), this.options.keepAliveMs);
    this.options.onUp();
  }

  /** Says `SELECT 1` on a quiet connection, and drops one that owes an answer and is silent. */
  private async tick(client: pg.Client, silence: SilenceDetector): Promise<void> {
    if (this.client !== client) return;
    if (this.waiting === 0) {
      await this.query('SELECT 1').catch(() => {}); // a lost connection has been dropped by then
      if (this.client === client) this.options.onTick();
    } else if (silence.isSilent()) {
      this.drop(client, new Error('no answer'));
    }
  }

  private drop(client: pg.Client, reason: unknown): void {
    if (this.client !== client) return;
    this.client = undefined;
    clearInterval(this.keepAlive);
    client.end().catch(() => {});
    if (this.closed) return;
    this.options.log.warn({ reason: messageOf(reason) }, 'lost the database, reconnecting');
    this.options.onDown();
    this.reconnect(BACKOFF_MIN_MS);
  }

  private reconnect(backoffMs: number): void {
    if (this.closed) return;
    this.retry = setTimeout(async () => {
      try {
        await this.connect();
        this.options.log.info({}, 'reconnected to the database');
      } catch (error) {
        this.options.log.debug({ reason: messageOf(error) }, 'the database is still away');
        this.reconnect(Math.min(backoffMs * 2, BACKOFF_MAX_MS));
      }
    }, backoffMs + randomInt(backoffMs));
  }
}

/** Tells whether nothing was received between one call and the one before the last. */
class SilenceDetector {
  private bytes = -1;
  private silentCalls = 0;

  constructor(private readonly socket: Socket) {}

  isSilent(): boolean {
    this.silentCalls = this.socket.bytesRead === this.bytes ? this.silentCalls + 1 : 0;
    this.bytes = this.socket.bytesRead;
    return this.silentCalls >= 2;
  }
}
