import { AsyncLocalStorage } from 'node:async_hooks';
import { keyString, type ResourceKey } from './resource.js';
import type { ResourceView } from './view.js';

/** Values spans may carry. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Something that is under way, as a part of a trace. */
export interface Span {
  /** W3C trace context of what happens because of it: https://www.w3.org/TR/trace-context/#traceparent-header */
  readonly traceparent: string;
  /** Ends it, now; with an error where it failed. */
  end(attributes?: SpanAttributes, error?: string): void;
}

export interface SpanOptions {
  /** Trace context of the cause; absent: a trace of its own. */
  readonly parent?: string | undefined;
  readonly kind?: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  readonly attributes?: SpanAttributes;
}

/** Where spans go: an exporter, or nowhere. */
export interface Tracer {
  startSpan(name: string, options: SpanOptions): Span;
}

/** Writes whose trace is remembered until their change has travelled on. */
const WRITES_MAX = 1000;

/**
 * Traces follow a write from the API through KDS to xDS. Off until a tracer is installed: then
 * every method does nothing, and nothing is remembered.
 */
class Tracing {
  private tracer: Tracer | undefined;
  private readonly current = new AsyncLocalStorage<string>();
  private readonly writes = new WeakMap<object, Map<string, string>>();
  private readonly events = new WeakMap<ResourceView, string>();

  get enabled(): boolean {
    return this.tracer !== undefined;
  }

  /** Turns tracing on for this process, or off again. */
  install(tracer: Tracer | undefined): void {
    this.tracer = tracer;
  }

  /** Begins a span below `parent`, else below what the caller runs in; undefined where tracing is off. */
  startSpan(name: string, options: SpanOptions = {}): Span | undefined {
    return this.tracer?.startSpan(name, { ...options, parent: options.parent ?? this.traceparent });
  }

  /** Trace context of the work that the caller is part of. */
  get traceparent(): string | undefined {
    return this.tracer && this.current.getStore();
  }

  /** Runs work as part of a trace. */
  run<T>(traceparent: string | undefined, work: () => T): T {
    return this.tracer && traceparent ? this.current.run(traceparent, work) : work();
  }

  /** Runs work in a span of its own, which ends with it. */
  async inSpan<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
    const span = this.startSpan(name, options);
    if (!span) return work();
    try {
      const result = await this.run(span.traceparent, work);
      span.end();
      return result;
    } catch (error) {
      span.end({}, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  /** The caller is about to write a resource: its change belongs to the trace the caller runs in. */
  aboutToWrite(store: object, key: ResourceKey): void {
    if (!this.tracer) return;
    const writes = this.writes.get(store) ?? new Map<string, string>();
    this.writes.set(store, writes);
    const id = keyString(key);
    writes.delete(id);
    const { traceparent } = this;
    if (!traceparent) return;
    writes.set(id, traceparent);
    if (writes.size > WRITES_MAX) writes.delete(writes.keys().next().value as string);
  }

  /** Lets `ofEvent` know the traces of the changes of a view; call before anybody else subscribes to it. */
  follow(view: ResourceView, store: object): void {
    if (!this.tracer) return;
    view.subscribe(({ changes }) => {
      const writes = this.writes.get(store);
      const id = writes && changes.map(({ key }) => keyString(key)).find((key) => writes.has(key));
      const traceparent = id === undefined ? undefined : writes?.get(id);
      if (id === undefined || traceparent === undefined) return void this.events.delete(view);
      writes?.delete(id);
      this.events.set(view, traceparent);
    });
  }

  /** For listeners of a view: the trace of the event they are told of; undefined where it has none. */
  ofEvent(view: ResourceView): string | undefined {
    return this.tracer && this.events.get(view);
  }
}

/** Tracing of this process. */
export const tracing = new Tracing();
