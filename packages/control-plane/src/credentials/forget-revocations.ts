import { type Clock, type Leadership, type Logger, messageOf, type ResourceStore, type ResourceView } from '@mesh/core';
import { globalSecretDraft, isRevocationList, secretContent, withoutExpired } from '@mesh/identity';
import { CONTROL_PLANE_AUTHOR } from '../instance.js';
import { aborted } from '../leader.js';

/** How often lists are looked through. */
const LOOK_MS = 3_600_000;

export interface ForgetOptions {
  readonly store: ResourceStore;
  readonly view: ResourceView;
  readonly clock: Clock;
  readonly leadership: Leadership;
  readonly log: Logger;
}

/** Leader work: takes revoked tokens that expired off their lists (docs/guides/tokens.md), at once and every hour; resolves when leadership ends. */
export async function forgetExpiredRevocations(options: ForgetOptions): Promise<void> {
  const { leadership, log } = options;
  const look = (): Promise<void> =>
    forgetNow(options).catch((error: unknown) => log.warn({ err: messageOf(error) }, 'revocations that expired were not removed'));
  await look();
  const timer = setInterval(() => void look(), LOOK_MS);
  await aborted(leadership.signal);
  clearInterval(timer);
}

async function forgetNow({ store, view, clock, leadership, log }: ForgetOptions): Promise<void> {
  for (const list of view.list('GlobalSecret')) {
    const { name, labels, version } = list.meta;
    if (!isRevocationList(name)) continue;
    const before = secretContent(list).toString('utf8');
    const left = withoutExpired(before, clock.now());
    // A list that is only written in another way stays as somebody wrote it.
    if (left.split(',').length === before.split(',').filter((entry) => entry.trim() !== '').length) continue;
    const draft = { ...globalSecretDraft(name, left), labels };
    await store.transact([{ op: 'update', draft, expectedVersion: version }], { author: CONTROL_PLANE_AUTHOR, fence: leadership.fence });
    log.info({ list: name }, 'revocations of tokens that expired were removed');
  }
}
