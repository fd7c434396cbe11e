import { keyString, type ResourceKey, type ResourceView, type Span, tracing } from '@mesh/core';
import type { DeliveryState } from './delivery.js';
import type { SnapshotEngine } from './engine.js';

/** A push whose proxies do not all answer ends as failed then. */
const PUSH_WITHIN_MS = 30_000;
/** Proxies of one push with a span of their own; the others are counted. */
const PROXY_SPANS_MAX = 50;
/** Pushes followed at the same time. */
const PUSHES_MAX = 100;

/** A change on its way to the proxies it concerns. */
interface Push {
  readonly revision: number;
  readonly span: Span;
  /** Proxies that have not answered, with their spans. */
  readonly waiting: Map<string, Span | undefined>;
  readonly proxies: number;
  readonly timer: NodeJS.Timeout;
}

export interface DeliveryTracesOptions {
  readonly view: ResourceView;
  readonly engine: Pick<SnapshotEngine, 'progress' | 'onProgress' | 'onLooked'>;
}

/** Makes the way of a traced change from the view to the ACK of each proxy a part of its trace. */
export class DeliveryTraces {
  private readonly pushes = new Set<Push>();
  /** Traced changes of which it is not known yet whom they concern, oldest first. */
  private readonly seen: { readonly revision: number; readonly parent: string }[] = [];
  private readonly subscriptions: { unsubscribe(): void }[] = [];
  private looking = false;

  constructor(private readonly options: DeliveryTracesOptions) {}

  /** Follows traced changes from now on; does nothing where tracing is off. */
  start(): void {
    if (!tracing.enabled) return;
    const { view, engine } = this.options;
    this.subscriptions.push(
      view.subscribe(({ revision }) => this.note(revision, tracing.ofEvent(view))),
      engine.onLooked((revision) => this.beginUpTo(revision)),
      engine.onProgress(() => this.lookSoon()),
    );
  }

  stop(): void {
    for (const subscription of this.subscriptions.splice(0)) subscription.unsubscribe();
    for (const push of this.pushes) this.end(push, 'the control plane is stopping');
  }

  private note(revision: number, parent: string | undefined): void {
    if (parent !== undefined && this.seen.length + this.pushes.size < PUSHES_MAX) this.seen.push({ revision, parent });
  }

  /** The proxies that these changes leave as they are have them by now. */
  private beginUpTo(revision: number): void {
    for (let next = this.seen[0]; next && next.revision <= revision; next = this.seen[0]) {
      this.seen.shift();
      this.begin(next.revision, next.parent);
    }
  }

  private begin(revision: number, parent: string): void {
    const concerned = [...this.options.engine.progress()].filter(([, { ackedRevision }]) => ackedRevision < revision);
    const span =
      concerned.length > 0
        ? tracing.startSpan('xds push', { parent, kind: 'producer', attributes: { 'mesh.revision': revision } })
        : undefined;
    if (!span) return;
    const waiting = new Map(concerned.map(([key], i) => [keyString(key), i < PROXY_SPANS_MAX ? proxySpan(key, span) : undefined]));
    const timer = setTimeout(
      () => this.end(push, `${waiting.size} proxies have not answered after ${PUSH_WITHIN_MS / 1000} s`),
      PUSH_WITHIN_MS,
    );
    timer.unref();
    const push: Push = { revision, span, waiting, proxies: concerned.length, timer };
    this.pushes.add(push);
  }

  /** Proxies answer in bursts: they are looked at once for all. */
  private lookSoon(): void {
    if (this.looking || this.pushes.size === 0) return;
    this.looking = true;
    setImmediate(() => {
      this.looking = false;
      this.look();
    });
  }

  private look(): void {
    const states = new Map([...this.options.engine.progress()].map(([key, state]) => [keyString(key), state]));
    for (const push of this.pushes) {
      for (const [id, span] of push.waiting) {
        const answer = answerOf(states.get(id), push.revision);
        if (!answer) continue;
        span?.end({}, answer.error);
        push.waiting.delete(id);
      }
      if (push.waiting.size === 0) this.end(push);
    }
  }

  private end(push: Push, error?: string): void {
    clearTimeout(push.timer);
    this.pushes.delete(push);
    for (const span of push.waiting.values()) span?.end({}, error);
    push.span.end({ 'mesh.proxies': push.proxies, 'mesh.proxies.acknowledged': push.proxies - push.waiting.size }, error);
  }
}

function proxySpan({ kind, mesh, name }: ResourceKey, push: Span): Span | undefined {
  const attributes = { 'mesh.proxy.kind': kind, 'mesh.mesh': mesh, 'mesh.proxy.name': name };
  return tracing.startSpan('xds deliver', { parent: push.traceparent, kind: 'client', attributes });
}

/** How a proxy answered to a revision; undefined while it has not. */
function answerOf(state: DeliveryState | undefined, revision: number): { readonly error?: string } | undefined {
  if (!state) return { error: 'the proxy has left' };
  if (state.ackedRevision >= revision) return {};
  if (state.nack && state.nack.revision >= revision) return { error: state.nack.message };
  return state.error === undefined ? undefined : { error: state.error };
}
