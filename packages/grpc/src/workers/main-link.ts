import type { Duplex } from 'node:stream';
import { MeshError } from '@mesh/core';
import type { Snapshot, SnapshotResource } from '@mesh/delta';
import type { AdsHandler, AdsOpen, AdsPeer, AdsStream } from '../ads/handler.js';
import { Channel } from './channel.js';
import type { ResourceId, StreamId, ToMain, ToWorker, TypeContent } from './messages.js';

/** What a worker does at the word of the main process. */
export type WorkerOrder = Extract<ToWorker, readonly ['start' | 'ping' | 'usage' | 'drain', ...unknown[]]>;

/** A stream served here that the main process decides about. */
interface ServedStream {
  readonly stream: AdsStream;
  readonly admitted: (peer: AdsPeer) => void;
  readonly refused: (error: MeshError) => void;
  isAdmitted: boolean;
  snapshot: Snapshot;
}

/** A worker's end of the way to the main process, as the handler of the streams it serves. */
export class MainLink implements AdsHandler {
  private readonly channel: Channel<ToMain, ToWorker>;
  private readonly streams = new Map<StreamId, ServedStream>();
  private readonly resources = new Map<ResourceId, SnapshotResource>();
  private nextStream = 1;

  constructor(
    stream: Duplex,
    private readonly options: { readonly onOrder: (order: WorkerOrder) => void; readonly onClosed: () => void },
  ) {
    this.channel = new Channel(stream, { onMessage: (message) => this.receive(message), onClosed: options.onClosed });
  }

  /** Streams served, and resources held for them. */
  get counts(): { readonly streams: number; readonly resources: number } {
    return { streams: this.streams.size, resources: this.resources.size };
  }

  send(message: ToMain): void {
    this.channel.send(message);
  }

  connect({ stream, ended, ...open }: AdsOpen): Promise<AdsPeer> {
    const id = this.nextStream++;
    return new Promise((admitted, refused) => {
      this.streams.set(id, { stream, admitted, refused, isAdmitted: false, snapshot: new Map() });
      this.send(['open', id, open]);
      ended?.addEventListener('abort', () => this.leave(id), { once: true });
    });
  }

  /** A stream ended: where the main process has not decided about it, nobody else tells that. */
  private leave(id: StreamId): void {
    const served = this.streams.get(id);
    if (!served || served.isAdmitted) return;
    this.streams.delete(id);
    this.send(['closed', id]);
    served.refused(new MeshError('unavailable', { public: 'the stream ended before it was let in' }));
  }

  private receive(message: ToWorker): void {
    switch (message[0]) {
      case 'resource': {
        const [, id, name, version, body] = message;
        // A copy, for the bytes are a part of all that was received with them.
        this.resources.set(id, { name, version, body: new Uint8Array(body) });
        return;
      }
      case 'forget':
        for (const id of message[1]) this.resources.delete(id);
        return;
      case 'admitted':
        return this.admit(message[1]);
      case 'snapshot':
        return this.offer(message);
      case 'close':
        return this.close(message[1], new MeshError(message[2].code, { public: message[2].public }));
      default:
        return this.options.onOrder(message);
    }
  }

  private admit(id: StreamId): void {
    const served = this.streams.get(id);
    if (!served) return;
    served.isAdmitted = true;
    served.admitted({
      onSent: (event) => this.send(['sent', id, event]),
      onAck: (event) => this.send(['ack', id, event]),
      onNack: (event) => this.send(['nack', id, event]),
      onHeld: (event) => this.send(['held', id, event]),
      onClosed: () => {
        if (this.streams.delete(id)) this.send(['closed', id]);
      },
    });
  }

  private offer([, id, number, changed, gone]: Extract<ToWorker, readonly ['snapshot', ...unknown[]]>): void {
    const served = this.streams.get(id);
    if (!served) return;
    const snapshot = new Map(served.snapshot);
    for (const [typeUrl, version, ids] of changed) snapshot.set(typeUrl, { version, resources: this.resourcesOf(ids) });
    for (const typeUrl of gone) snapshot.delete(typeUrl);
    served.snapshot = snapshot;
    served.stream.setSnapshot(snapshot, () => this.send(['taken', id, number]));
  }

  private resourcesOf(ids: TypeContent[2]): Map<string, SnapshotResource> {
    const resources = new Map<string, SnapshotResource>();
    for (const id of ids) {
      const resource = this.resources.get(id);
      if (!resource) throw new Error(`resource ${id} was never sent`);
      resources.set(resource.name, resource);
    }
    return resources;
  }

  private close(id: StreamId, error: MeshError): void {
    const served = this.streams.get(id);
    this.streams.delete(id);
    if (served?.isAdmitted) served.stream.close(error);
    else served?.refused(error);
  }
}
