import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Logger, MeshError, messageOf } from '@mesh/core';
import { Redis, type RedisOptions } from 'ioredis';

export interface RedisLinkOptions {
  /** `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS. */
  readonly url: string;
  /** PEM file of the CA of the server; empty: those of the system. */
  readonly caFile: string;
  readonly channels: readonly string[];
  /** Prefix of the keys that hold large bodies. */
  readonly prefix: string;
  readonly log: Logger;
  onMessage(channel: string, message: Buffer): void;
  /** Whether messages come and go now. */
  onConnection(connected: boolean): void;
}

const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 500;
const CONNECT_MS_MAX = 5_000;
const KEEPALIVE_MS = 5_000;
/** Redis ends subscribers that lag with large messages: bodies beyond this go through a key. */
const INLINE_BYTES_MAX = 64 * 1024;
const BODY_BYTES_MAX = 64 * 1024 * 1024;
const BODY_SECONDS = 30;

/** Two connections to one server, one of them to listen; they come back by themselves. */
export class RedisLink {
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private up = false;
  private closed = false;
  private readonly alive: NodeJS.Timeout;

  constructor(private readonly options: RedisLinkOptions) {
    const redis: RedisOptions = {
      lazyConnect: true,
      connectTimeout: CONNECT_MS_MAX,
      keepAlive: KEEPALIVE_MS,
      retryStrategy: (times) => Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(times, 6)) * (0.5 + Math.random()),
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResubscribe: false,
      ...(options.caFile === '' ? {} : { tls: { ca: readCa(options.caFile) } }),
    };
    this.publisher = new Redis(options.url, { ...redis, commandTimeout: CONNECT_MS_MAX });
    this.subscriber = new Redis(options.url, redis);
    for (const client of [this.publisher, this.subscriber]) {
      client.on('error', (error: Error) => options.log.debug({ reason: messageOf(error) }, 'Redis'));
      client.on('close', () => this.setUp(false));
      client.on('ready', () => void this.join());
    }
    this.subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) => options.onMessage(channel.toString(), message));
    this.alive = setInterval(() => void this.checkAlive(), KEEPALIVE_MS);
    this.alive.unref();
  }

  /** Begins to connect, and goes on until `close`. */
  start(): void {
    for (const client of [this.publisher, this.subscriber]) client.connect().catch(() => {}); // tried again, and logged
  }

  /** Sends a message; what cannot be sent is lost. */
  publish(channel: string, message: Buffer): Promise<void> {
    if (!this.up) return Promise.resolve();
    return this.publisher.publish(channel, message).then(
      () => {},
      (error: unknown) => this.options.log.debug({ reason: messageOf(error) }, 'a message to another instance was lost'),
    );
  }

  /** Puts a body that is too large for a message where `take` finds it once; undefined for one that is not. Throws `too_large`. */
  async put(body: Uint8Array): Promise<string | undefined> {
    if (body.length <= INLINE_BYTES_MAX) return undefined;
    if (body.length > BODY_BYTES_MAX)
      throw new MeshError('too_large', { public: `more than ${BODY_BYTES_MAX} bytes do not fit on the bus` });
    const key = `${this.options.prefix}:body:${randomUUID()}`;
    await this.publisher.set(key, Buffer.from(body), 'EX', BODY_SECONDS);
    return key;
  }

  /** Throws `unavailable` where it is gone. */
  async take(key: string): Promise<Buffer> {
    const body = key.startsWith(`${this.options.prefix}:body:`) ? await this.publisher.getdelBuffer(key) : null;
    if (body === null) throw new MeshError('unavailable', { public: 'a message of another instance was lost in Redis' });
    return body;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.alive);
    for (const client of [this.publisher, this.subscriber]) client.disconnect();
  }

  private async join(): Promise<void> {
    if (this.publisher.status !== 'ready' || this.subscriber.status !== 'ready') return;
    try {
      await this.subscriber.subscribe(...this.options.channels);
      this.setUp(true);
    } catch (error) {
      this.options.log.debug({ reason: messageOf(error) }, 'Redis takes no subscription');
      this.subscriber.disconnect(true);
    }
  }

  /** Finds connections that carry nothing any more. */
  private async checkAlive(): Promise<void> {
    if (!this.up) return;
    await Promise.all(
      [this.publisher, this.subscriber].map(async (client) => {
        const late = setTimeout(() => client.disconnect(true), KEEPALIVE_MS - 500);
        await client.ping().catch(() => client.disconnect(true));
        clearTimeout(late);
      }),
    );
  }

  private setUp(up: boolean): void {
    if (this.up === up || this.closed) return;
    this.up = up;
    if (up) this.options.log.info({}, 'connected to Redis');
    else this.options.log.warn({}, 'lost Redis, reconnecting: other instances are out of reach');
    this.options.onConnection(up);
  }
}

function readCa(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new MeshError('invalid', { public: `cannot read redis.caFile ${path}: ${messageOf(cause)}`, cause });
  }
}
