import { Agent, type IncomingMessage, request } from 'node:http';
import { messageOf } from '@mesh/core';

/** Where requests go, and how many a second. */
export interface Flow {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly hostHeader?: string;
  readonly perSecond: number;
}

export interface TrafficFailure {
  readonly flow: string;
  /** ms since the epoch, of the request and of its failure. */
  readonly sentAt: number;
  readonly failedAt: number;
  readonly reason: string;
}

const TICK_MS = 10;
const TIMEOUT_MS = 10_000;
/** One request in so many has a connection of its own. */
const FRESH_EVERY = 5;
/** A stall of this process does not become a burst. */
const BURST_MAX = 10;

/** Steady requests through Envoys; remembers each that failed, with when and why, and the last `x-marker` each flow showed. */
export class Traffic {
  readonly failures: TrafficFailure[] = [];
  private readonly kept = new Agent({ keepAlive: true, maxSockets: 8 });
  private readonly markers = new Map<string, number>();
  private readonly answers = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private readonly open = new Set<Promise<void>>();

  constructor(private readonly flows: readonly Flow[]) {}

  /** Answers of status 200 so far. */
  get answered(): number {
    return [...this.answers.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Value of the header `x-marker` in the last answer of a flow. */
  marker(flow: string): number | undefined {
    return this.markers.get(flow);
  }

  start(): void {
    let last = performance.now();
    const owed = new Map<string, number>();
    let count = 0;
    this.timer = setInterval(() => {
      const now = performance.now();
      for (const flow of this.flows) {
        const due = Math.min(BURST_MAX, (owed.get(flow.name) ?? 0) + (flow.perSecond * (now - last)) / 1000);
        for (let sent = 0; sent < Math.floor(due); sent++) this.send(flow, ++count % FRESH_EVERY === 0);
        owed.set(flow.name, due % 1);
      }
      last = now;
    }, TICK_MS);
  }

  /** Sends no more; resolves when all requests have ended. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.open);
    this.kept.destroy();
  }

  private send(flow: Flow, fresh: boolean): void {
    const sentAt = Date.now();
    const sent = this.exchange(flow, fresh).then(
      () => void this.answers.set(flow.name, (this.answers.get(flow.name) ?? 0) + 1),
      (error: unknown) => void this.failures.push({ flow: flow.name, sentAt, failedAt: Date.now(), reason: messageOf(error) }),
    );
    this.open.add(sent);
    void sent.finally(() => this.open.delete(sent));
  }

  private exchange(flow: Flow, fresh: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const { host, port, hostHeader } = flow;
      const sent = request({
        host,
        port,
        path: '/faults',
        agent: fresh ? false : this.kept,
        timeout: TIMEOUT_MS,
        headers: hostHeader ? { host: hostHeader } : {},
      });
      sent.on('response', (response) => this.read(flow, response).then(resolve, reject));
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
      sent.on('error', (error) => reject(new Error(`${sent.reusedSocket ? 'kept' : 'new'} connection: ${messageOf(error)}`)));
      sent.end();
    });
  }

  private async read(flow: Flow, response: IncomingMessage): Promise<void> {
    let body = '';
    response.setEncoding('utf8');
    for await (const chunk of response) body += chunk;
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}: ${body.slice(0, 120)}`);
    const marker = /"x-marker":"(\d+)"/.exec(body)?.[1];
    if (marker !== undefined) this.markers.set(flow.name, Number(marker));
  }
}
