import { type Convergence, type ConvergenceRequest, type ConvergenceState, MeshError, type ResourceView } from '@mesh/core';

/** What a control plane tells of a revision beyond its number. */
export type ConvergenceParts = Omit<Convergence, 'revision' | 'current'>;

/** Tells, now and after every change, how far a revision has come. */
export type ConvergenceWatch = (revision: number, listener: (parts: ConvergenceParts) => void, signal: AbortSignal) => void;

/** Whoever is asked and says nothing for so long is not waited for. */
const ANSWER_WITHIN_MS = 5000;

/** Nothing more is to be waited for: done, or it will not be, or nobody can tell. */
const FINAL: ReadonlySet<ConvergenceState> = new Set(['converged', 'refused', 'unknown']);

/** Watches until there is nothing to wait for, at most `waitMs`; tells the last state. */
export async function settleConvergence(
  watch: ConvergenceWatch,
  view: ResourceView,
  { revision, waitMs }: ConvergenceRequest,
): Promise<Convergence> {
  const stop = new AbortController();
  const over = AbortSignal.timeout(waitMs);
  const late = AbortSignal.timeout(waitMs + ANSWER_WITHIN_MS);
  try {
    await view.waitFor(revision, over).catch(() => {
      throw new MeshError('bad_request', { public: `there is no revision ${revision} yet: the newest is ${view.revision}` });
    });
    const parts = await new Promise<ConvergenceParts>((resolve, reject) => {
      late.addEventListener('abort', () => reject(new MeshError('unavailable', { public: 'not every server of proxies answered' })), {
        once: true,
      });
      let last: ConvergenceParts | undefined;
      over.addEventListener('abort', () => last && resolve(last), { once: true });
      const onParts = (now: ConvergenceParts): void => {
        last = now;
        if (FINAL.has(now.state) || over.aborted || waitMs === 0) resolve(now);
      };
      watch(revision, onParts, stop.signal);
    });
    return { revision, current: view.revision, ...parts };
  } finally {
    stop.abort();
  }
}
