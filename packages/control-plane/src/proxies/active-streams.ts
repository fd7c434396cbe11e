import { keyString, MeshError, type ResourceKey } from '@mesh/core';

/** The one stream of a proxy. */
export interface ActiveStream {
  readonly key: ResourceKey;
  /** Nobody answers at the other end any more, though the transport has not noticed. */
  isDead(): boolean;
  close(error: MeshError): void;
}

/** One active stream per proxy (contract/dataplane.md §2.1). */
export class ActiveStreams {
  private readonly streams = new Map<string, ActiveStream>();

  get size(): number {
    return this.streams.size;
  }

  /**
   * Takes the place of a proxy. A dead holder is closed and replaced, a living one refuses with
   * `conflict`: two Envoys with one identity would undo each other's state.
   */
  claim(stream: ActiveStream): { release(): void } {
    const id = keyString(stream.key);
    const holder = this.streams.get(id);
    const refusal = () => new MeshError('conflict', { public: 'there is already an active stream from this node, try again later' });
    if (holder && !holder.isDead()) throw refusal();
    this.streams.set(id, stream);
    holder?.close(new MeshError('unavailable', { public: 'another stream of this node took over' }));
    return {
      release: () => {
        if (this.streams.get(id) === stream) this.streams.delete(id);
      },
    };
  }

  *[Symbol.iterator](): Iterator<ActiveStream> {
    yield* this.streams.values();
  }
}
