import { once } from 'node:events';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Resource, ResourceView } from '@mesh/core';
import type { FollowEvent, FollowRequest } from '@mesh/proto/kuma/internal/v1/control_plane_pb.js';
import { changeBatch, snapshotChunk } from './codec.js';

/** Resources in one message of a snapshot. */
const chunkResourcesMax = 200;
/** A follower that is further behind gets a new snapshot instead. */
const queueMax = 1_000;

/**
 * Tells one follower the state of a view and what changes. A slow follower never costs more than
 * a bounded queue: beyond it, it starts over with a snapshot.
 */
export class Follower {
  private queue: FollowEvent[] = [];
  private behind = true;
  private wake: () => void = () => {};
  private readonly stopped = new AbortController();

  constructor(
    private readonly call: ServerWritableStream<FollowRequest, FollowEvent>,
    private readonly view: ResourceView,
  ) {}

  /** Resolves when the follower went away. */
  async run(): Promise<void> {
    const { signal } = this.stopped;
    this.call.on('cancelled', () => this.stop());
    this.call.on('close', () => this.stop());
    const kinds = new Set(this.call.request.kinds);
    const includes = (kind: string) => kinds.size === 0 || kinds.has(kind);
    const subscription = this.view.subscribe((event) => {
      if (!this.behind) this.queue.push(changeBatch(event, includes));
      if (this.queue.length > queueMax) this.fallBehind();
      this.wake();
    });
    try {
      await this.view.waitFor(0, signal);
      while (!signal.aborted) await this.step(includes);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      subscription.unsubscribe();
    }
  }

  private stop(): void {
    this.stopped.abort();
    this.wake();
  }

  private fallBehind(): void {
    this.queue = [];
    this.behind = true;
  }

  private async step(includes: (kind: string) => boolean): Promise<void> {
    if (this.behind) {
      this.behind = false;
      await this.sendSnapshot(includes);
      return;
    }
    const event = this.queue.shift();
    if (event) await this.write(event);
    else await new Promise<void>((resolve) => (this.wake = resolve));
  }

  private async sendSnapshot(includes: (kind: string) => boolean): Promise<void> {
    const { revision } = this.view;
    const resources: Resource[] = [];
    for (const resource of this.view.all()) if (includes(resource.kind)) resources.push(resource);
    for (let from = 0; from === 0 || from < resources.length; from += chunkResourcesMax) {
      const last = from + chunkResourcesMax >= resources.length;
      await this.write(snapshotChunk(resources.slice(from, from + chunkResourcesMax), revision, last));
    }
  }

  private async write(event: FollowEvent): Promise<void> {
    if (!this.call.write(event)) await once(this.call, 'drain', { signal: this.stopped.signal });
  }
}
