import type { ApiClient } from '@mesh/api-client';
import { type Convergence, formatDuration, parseDuration } from '@mesh/core';
import { isNotFound } from '../client/failure.js';
import { dataOf } from '../client/open.js';
import { UserError } from '../errors.js';
import type { Session } from '../session.js';
import { problemsOf, summaryOf, unknownsOf } from './describe.js';

/** One request waits no longer than this: shorter than what servers and proxies on the way allow. */
const REQUEST_MS_MAX = 15_000;

export interface Wait {
  readonly revision: number;
  readonly timeoutMs: number;
}

/** Milliseconds of a `--timeout`. */
export function readTimeout(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 0) throw new UserError(`invalid argument "${text}" for "--timeout": use a duration such as 30s`);
  return ms;
}

/**
 * Resolves once every zone and every connected proxy has a revision; the server answers as soon as
 * that is so. Throws UserError with what is in the way where somebody refuses it, or time is up.
 * What nobody can tell is only worth a warning.
 */
export async function waitForRevision(session: Session, client: ApiClient, { revision, timeoutMs }: Wait): Promise<void> {
  const endMs = session.io.now() + timeoutMs;
  for (;;) {
    const leftMs = Math.max(0, endMs - session.io.now());
    const convergence = await ask(client, revision, Math.min(leftMs, REQUEST_MS_MAX));
    const { state } = convergence;
    if (state === 'converged' || state === 'unknown') {
      for (const line of unknownsOf(convergence)) session.warn(`WARNING: ${line}`);
      return session.io.out(`revision ${revision} ${summaryOf(convergence)}\n`);
    }
    const problems = problemsOf(convergence).map((line) => `\n* ${line}`);
    if (state === 'refused') throw new UserError(`revision ${revision} was refused${problems.join('')}`);
    if (session.io.now() >= endMs)
      throw new UserError(`revision ${revision} has not come everywhere within ${formatDuration(timeoutMs)}${problems.join('')}`);
  }
}

/** The revision that the answer to a write carries; undefined where the server tells none, as Kuma's does not. */
export function revisionOf(response: Response): number | undefined {
  const revision = Number(response.headers.get('kuma-revision') ?? Number.NaN);
  return Number.isSafeInteger(revision) ? revision : undefined;
}

/** As `waitForRevision`, after a write. @throws UserError too where the server told no revision. */
export async function waitForWrite(
  session: Session,
  client: ApiClient,
  write: { readonly revision: number | undefined; readonly timeoutMs: number },
): Promise<void> {
  const { revision, timeoutMs } = write;
  if (revision === undefined) throw new UserError('this control plane does not tell the revision of a write');
  await waitForRevision(session, client, { revision, timeoutMs });
}

async function ask(client: ApiClient, revision: number, waitMs: number): Promise<Convergence> {
  try {
    return await dataOf(client.GET('/convergence', { params: { query: { revision, timeout: `${Math.round(waitMs)}ms` } } }));
  } catch (error) {
    if (isNotFound(error)) throw new UserError('this control plane does not tell how far a revision has come');
    throw error;
  }
}
