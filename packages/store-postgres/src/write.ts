import { randomUUID } from 'node:crypto';
import {
  type Change,
  isStorableText,
  keyString,
  MeshError,
  type Mutation,
  type PlannedChange,
  planMutations,
  type ResourceKey,
  type TransactOptions,
  type TransactResult,
} from '@mesh/core';
import type pg from 'pg';
import { auditRow } from './audit.js';
import type { ResourceEntity } from './entities.js';
import { literal } from './literal.js';
import { LoadedState } from './loaded-state.js';
import { numberChanges, resourceOfRow, rowOfResource } from './rows.js';
import { executeLoad, executePut, loadWithOwned, notePrepared, prepareStatements, writeAnything } from './write-statements.js';

const LOCK_COUNTER = 'SELECT revision FROM store_meta WHERE id = 1 FOR UPDATE';
const READ_FENCES = 'SELECT fence FROM leaders';
const readWriteId = (revision: number): string => `SELECT write_id FROM change_log WHERE revision = ${revision}`;

/**
 * The server takes the counter back from a writer that says nothing for so long (a paused process), so that
 * the others are not held up. A writer that was only slow tries again and is given more.
 */
const HOLD_MS_FIRST = 900;
const HOLD_MS_AGAIN = 5_000;

/** The log is trimmed whenever a transaction passes a multiple of this. */
const TRIM_EVERY = 1000;

/** One call of `ResourceStore.transact`. */
export interface WriteCall {
  readonly mutations: readonly Mutation[];
  readonly options: TransactOptions;
}

export interface BatchOptions {
  /** RFC 3339. */
  readonly now: string;
  /** Lines the log keeps. */
  readonly logLinesMax: number;
}

/** A database transaction of which it is not known whether it was committed. */
interface Doubt {
  /** Of its first line. */
  readonly revision: number;
  readonly outcomes: readonly WriteOutcome[];
}

/** Calls that go into one database transaction, over all attempts to get it through. */
export class Batch {
  /** In every line of it. */
  readonly writeId = randomUUID();
  attempts = 0;
  /** The attempt that may have gone through. */
  doubt: Doubt | undefined;

  constructor(readonly calls: readonly WriteCall[]) {}
}

/** What a call comes to: its result, or why it was refused. */
export type WriteOutcome = { readonly result: TransactResult } | { readonly error: unknown };

interface Planned {
  readonly change: PlannedChange;
  readonly logged: Change;
  /** Revision of the first line of the call. */
  readonly transaction: number;
}

/**
 * Calls in order in one database transaction, each all or nothing for itself. The transaction
 * takes the counter row first, so transactions commit in the order of their revisions and no
 * reader sees N+1 before N. Throws where the database fails: either none of the calls happened,
 * or `batch.doubt` says that they may have. Given the same batch again, it finds out: a lost
 * attempt has ended once the counter row is free, and then its lines are there or will never be.
 *
 * Two round trips: statements are sent together, their values as literals. Each statement of a
 * message sees what was committed before it began, so what is loaded is what the lock protects.
 */
export async function writeBatch(client: pg.ClientBase, batch: Batch, options: BatchOptions): Promise<readonly WriteOutcome[]> {
  const begun = await begin(client, batch);
  if (batch.doubt && begun.writeId === batch.writeId) {
    await client.query('ROLLBACK');
    return batch.doubt.outcomes;
  }
  batch.doubt = undefined;
  const planned: Planned[] = [];
  const records: object[] = [];
  let { revision } = begun;
  const outcomes = batch.calls.map((call): WriteOutcome => {
    try {
      const lines = planCall(call, { ...begun, revision, now: options.now });
      planned.push(...lines);
      revision += lines.length;
      const { audit } = call.options;
      if (audit && lines.length > 0) records.push(auditRow(audit, { time: options.now, revision }));
      return { result: { revision, changes: lines.map(({ logged }) => logged) } };
    } catch (error) {
      return { error };
    }
  });
  if (planned.length === 0) await client.query('ROLLBACK');
  else {
    batch.doubt = { revision: begun.revision + 1, outcomes };
    // Without a limit of its own: a commit that waits for a standby and is cancelled would count as done.
    await several(client, [writeStatement({ planned, records }, batch.writeId, options), 'SET LOCAL statement_timeout = 0', 'COMMIT']);
    batch.doubt = undefined;
  }
  return outcomes;
}

interface Begun {
  readonly revision: number;
  readonly fences: ReadonlySet<number>;
  readonly state: LoadedState;
  /** Of the line that the attempt in doubt would have written. */
  readonly writeId: string | undefined;
}

/** Opens the transaction, takes the counter and reads what the calls touch. */
async function begin(client: pg.ClientBase, { calls, doubt, attempts }: Batch): Promise<Begun> {
  const holdMs = attempts > 1 ? HOLD_MS_AGAIN : HOLD_MS_FIRST;
  const load = loadStatement(calls.flatMap((call) => call.mutations));
  const hold = `SET LOCAL idle_in_transaction_session_timeout = ${holdMs}`;
  const lost = doubt ? [readWriteId(doubt.revision)] : [];
  const prepare = prepareStatements(client);
  const results = await several(client, [...prepare, 'BEGIN', hold, LOCK_COUNTER, READ_FENCES, load, ...lost]);
  notePrepared(client);
  const [counter, fences, loaded, line] = results.slice(prepare.length + 2).map(({ rows }) => rows as unknown[]);
  return {
    revision: Number((counter?.[0] as { revision: string } | undefined)?.revision),
    fences: new Set((fences as { fence: string }[]).map(({ fence }) => Number(fence))),
    state: new LoadedState((loaded as ResourceEntity[]).map(resourceOfRow)),
    writeId: (line?.[0] as { write_id: string | null } | undefined)?.write_id ?? undefined,
  };
}

/** Statements in one message; the first that fails ends it. */
async function several(client: pg.ClientBase, statements: readonly string[]): Promise<pg.QueryResult[]> {
  const results: unknown = await client.query(statements.join(';\n'));
  return (Array.isArray(results) ? results : [results]) as pg.QueryResult[];
}

interface PlanContext {
  readonly state: LoadedState;
  readonly fences: ReadonlySet<number>;
  /** Revision before the call. */
  readonly revision: number;
  readonly now: string;
}

function planCall({ mutations, options }: WriteCall, { state, fences, revision, now }: PlanContext): Planned[] {
  if (options.fence !== undefined && !fences.has(options.fence))
    throw new MeshError('conflict', { public: 'another leader has taken over' });
  const changes = planMutations(mutations, { state, now });
  const logged = numberChanges(changes, { revision, author: options.author.name, time: now });
  return changes.map((change, i) => {
    state.apply(change);
    return { change, logged: logged[i] as Change, transaction: revision + 1 };
  });
}

function loadStatement(mutations: readonly Mutation[]): string {
  const keys = new Map<string, ResourceKey>();
  for (const mutation of mutations) {
    const { kind, mesh, name } = mutation.op === 'delete' ? mutation.key : mutation.draft;
    const id = keyString({ kind, mesh, name });
    if (isStorableText(id)) keys.set(id, { kind, mesh, name }); // no other key is stored, and the plan refuses to write one
  }
  const withOwned = mutations.some((mutation) => mutation.op === 'delete');
  return (withOwned ? loadWithOwned : executeLoad)(json([...keys.values()]));
}

/** A value as a literal of SQL. */
function json(value: unknown): string {
  return literal(JSON.stringify(value));
}

interface ToWrite {
  readonly planned: readonly Planned[];
  /** Rows of the audit. */
  readonly records: readonly object[];
}

function writeStatement({ planned, records }: ToWrite, writeId: string, options: BatchOptions): string {
  const lines = planned.map(({ change, logged, transaction }) => ({
    revision: logged.revision,
    transaction,
    author: logged.author,
    ...change.key,
    op: logged.op,
    resource: change.after,
    before: change.before,
  }));
  const outcome = new Map<string, PlannedChange>();
  for (const { change } of planned) outcome.set(keyString(change.key), change);
  const removed = [...outcome.values()].filter(({ after }) => !after).map(({ key }) => key);
  const put = [...outcome.values()].flatMap(({ after }) => (after ? [rowOfResource(after)] : []));
  const first = lines[0]?.revision ?? 0;
  const last = lines.at(-1)?.revision ?? 0;
  const trim = Math.floor((first - 1) / TRIM_EVERY) < Math.floor(last / TRIM_EVERY) ? last - options.logLinesMax : 0;
  const literals = { lines: json(lines), now: literal(options.now), put: json(put), writeId: literal(writeId), last, audit: json(records) };
  return removed.length === 0 && trim <= 0 ? executePut(literals) : writeAnything({ ...literals, removed: json(removed), trim });
}
