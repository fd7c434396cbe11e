import { setTimeout as delay } from 'node:timers/promises';
import { MeshError, messageOf } from '@mesh/core';
import type { AssignmentClient } from './client.js';
import { toTargetGroups, writeTargets } from './file-sd.js';
import type { EventLog } from './log.js';

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;

export interface FollowOptions {
  readonly client: Pick<AssignmentClient, 'fetch'>;
  /** The file Prometheus reads. */
  readonly file: string;
  readonly log: EventLog;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Writes the file whenever assignments change, until `signal`. While the control plane is away the
 * file stays as it is: what could be scraped still can. The file stays when it ends, too.
 */
export async function follow({ client, file, log, signal }: FollowOptions): Promise<void> {
  let version: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const news = await client.fetch(version, signal);
      if (failures > 0) log('info', 'the control plane answers again');
      failures = 0;
      if (!news) continue;
      const groups = toTargetGroups(news.assignments);
      await writeTargets(file, groups);
      ({ version } = news);
      log('info', 'targets written', { file, targets: groups.length });
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      const retryMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** (failures - 1));
      const reason = MeshError.is(error) ? error.public : messageOf(error);
      log('warn', 'the targets could not be renewed; the file stays as it is', { reason, retryMs });
      await delay(retryMs, undefined, { signal }).catch(() => {});
    }
  }
}
