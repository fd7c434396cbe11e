import { setTimeout as delay } from 'node:timers/promises';
import type { TwoZones } from '@mesh/lab-kit';
import type { ByteCounter } from './byte-counter.js';
import { transactionCounts } from './sql.js';

export interface IdleFigures {
  readonly seconds: number;
  /** Statements per second, by database; leases included. */
  readonly transactionsPerSecond: Readonly<Record<string, number>>;
  /** Bytes on the KDS connections per second, both ways, keep-alives included. */
  readonly kdsBytesPerSecond: number | undefined;
}

/** Insights of what happened before are written within this time at most. */
const AFTERMATH_SECONDS_MAX = 44;
/** Longer than counters of proxies wait to be written (`xdsServer.dataplaneStatusFlushInterval`). */
const WINDOW_SECONDS = 11;
/** A window with so few transactions over all databases holds keep-alives only. */
const QUIET_TRANSACTIONS = 8;

/** Counts transactions and KDS bytes while nothing happens, after the aftermath of earlier work. */
export async function measureIdle(lab: TwoZones, options: { seconds: number; counters: readonly ByteCounter[] }): Promise<IdleFigures> {
  for (let waited = 0; waited < AFTERMATH_SECONDS_MAX; waited += WINDOW_SECONDS) {
    const from = total(await labTransactions(lab));
    await delay(WINDOW_SECONDS * 1000);
    if (total(await labTransactions(lab)) - from <= QUIET_TRANSACTIONS) break;
  }
  const before = await labTransactions(lab);
  const bytesBefore = sum(options.counters);
  await delay(options.seconds * 1000);
  const after = await labTransactions(lab);
  const perSecond: Record<string, number> = {};
  for (const [database, count] of after) perSecond[database] = (count - (before.get(database) ?? 0)) / options.seconds;
  const kdsBytesPerSecond = options.counters.length > 0 ? (sum(options.counters) - bytesBefore) / options.seconds : undefined;
  return { seconds: options.seconds, transactionsPerSecond: perSecond, kdsBytesPerSecond };
}

async function labTransactions({ postgres }: TwoZones): Promise<Map<string, number>> {
  return postgres ? transactionCounts(postgres, ['global', 'zone1', 'zone2']) : new Map();
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((a, b) => a + b, 0);
}

function sum(counters: readonly ByteCounter[]): number {
  return counters.reduce((total, counter) => total + counter.total, 0);
}
