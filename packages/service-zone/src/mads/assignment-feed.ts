import { createHash } from 'node:crypto';
import type { ResourceView } from '@mesh/core';
import { ASSIGNMENT_KINDS, ASSIGNMENT_TYPE, type Assignments, assignmentsOf } from './assignments.js';

/** What one client is answered. */
export interface AssignmentState {
  /** Hash of the content. */
  readonly version: string;
  /** DiscoveryResponse in JSON. */
  readonly body: string;
}

export interface AssignmentFeedOptions {
  readonly view: ResourceView;
  readonly zone: string;
  /** Assignments are made anew at most so often; a first change counts at once. */
  readonly intervalMs: number;
}

/** Assignments as they are now, and the news of their changes. Made when somebody asks, from the view alone. */
export class AssignmentFeed {
  private readonly subscription: { unsubscribe(): void };
  private readonly waiting = new Set<() => void>();
  private assignments: Assignments | undefined;
  private readonly states = new Map<string | undefined, AssignmentState>();
  private timer: NodeJS.Timeout | undefined;
  private stale = false;
  private closed = false;

  constructor(private readonly options: AssignmentFeedOptions) {
    this.subscription = options.view.subscribe(({ changes }) => {
      if (changes.some(({ key }) => ASSIGNMENT_KINDS.has(key.kind))) this.changed();
    });
  }

  /** What a client gets now; those that no policy names share one answer. */
  stateFor(clientId: string): AssignmentState {
    this.assignments ??= assignmentsOf(this.options.view, this.options.zone);
    const { byClient, byDefault } = this.assignments;
    const own = byClient.get(clientId);
    const key = own ? clientId : undefined;
    const known = this.states.get(key);
    if (known) return known;
    const resources = own ?? byDefault;
    const version = createHash('sha256').update(JSON.stringify(resources)).digest('hex').slice(0, 32);
    const content = resources.length > 0 ? { resources } : {};
    const state = { version, body: JSON.stringify({ version_info: version, ...content, type_url: ASSIGNMENT_TYPE }) };
    this.states.set(key, state);
    return state;
  }

  /** Resolves with what is not `version` any more, or undefined once `signal` says so. */
  async next(clientId: string, version: string, signal: AbortSignal): Promise<AssignmentState | undefined> {
    while (!signal.aborted && !this.closed) {
      const state = this.stateFor(clientId);
      if (state.version !== version) return state;
      await this.change(signal);
    }
    return undefined;
  }

  /** Tells everybody who waits that nothing comes any more. */
  close(): void {
    this.closed = true;
    this.subscription.unsubscribe();
    clearTimeout(this.timer);
    this.wake();
  }

  private change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  private changed(): void {
    this.stale = true;
    if (!this.timer) this.renew();
  }

  private renew(): void {
    if (!this.stale) {
      this.timer = undefined;
      return;
    }
    this.stale = false;
    this.assignments = undefined;
    this.states.clear();
    this.timer = setTimeout(() => this.renew(), this.options.intervalMs);
    this.timer.unref();
    this.wake();
  }

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }
}
