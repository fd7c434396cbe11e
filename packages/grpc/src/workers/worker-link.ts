import type { Duplex } from 'node:stream';
import { MeshError } from '@mesh/core';
import type { AdsHandler, AdsOpen } from '../ads/handler.js';
import { Channel } from './channel.js';
import type { StreamId, ToMain, ToWorker, WorkerSettings, WorkerUsage } from './messages.js';
import { RemoteStream, type StreamCarrier } from './remote-stream.js';
import { ResourceTable } from './resource-table.js';

export interface WorkerLinkOptions {
  /** Decides about the streams that the worker serves. */
  readonly handler: AdsHandler;
  /** The worker can take connections. */
  readonly onReady: () => void;
  /** Connections handed over have arrived, or ended. */
  readonly onConnections: (arrived: number, ended: number) => void;
  /** Something was thrown, here or there, that should not have been. */
  readonly onError: (error: unknown) => void;
  /** Once, after all streams of the worker were ended. */
  readonly onClosed: () => void;
}

/**
 * The main process's end of the way to a worker. To the handler a stream there is like one that is served here; when the
 * worker goes, its streams end.
 */
export class WorkerLink implements StreamCarrier {
  readonly resources = new ResourceTable((id, { name, version, body }) =>
    this.channel.send(['resource', id, name, version, body], body.length),
  );
  private readonly channel: Channel<ToWorker, ToMain>;
  private readonly streams = new Map<StreamId, RemoteStream>();
  /** Streams whose newest snapshot waits for room. */
  private readonly waiting = new Set<RemoteStream>();
  private readonly questions = new Map<number, (usage: WorkerUsage | undefined) => void>();
  private questionsAsked = 0;
  private pingsUnanswered = 0;

  constructor(
    stream: Duplex,
    private readonly options: WorkerLinkOptions,
  ) {
    this.channel = new Channel(stream, {
      onMessage: (message) => this.receive(message),
      onRoom: () => this.transferWaiting(),
      onClosed: () => this.lost(),
    });
  }

  get streamCount(): number {
    return this.streams.size;
  }

  /** Bytes on their way to the worker. */
  get backlogBytes(): number {
    return this.channel.backlogBytes;
  }

  start(settings: WorkerSettings): void {
    this.channel.send(['start', settings]);
  }

  drain(graceMs: number): void {
    this.channel.send(['drain', graceMs]);
  }

  /** Asks the worker what it uses; undefined where it goes meanwhile. */
  usage(): Promise<WorkerUsage | undefined> {
    const question = ++this.questionsAsked;
    return new Promise((resolve) => {
      this.questions.set(question, resolve);
      this.channel.send(['usage', question]);
    });
  }

  /** Asks the worker whether it lives; returns how often it was asked since it last said anything. */
  ping(): number {
    this.channel.send(['ping']);
    return ++this.pingsUnanswered;
  }

  send(message: ToWorker): void {
    this.channel.send(message);
  }

  schedule(stream: RemoteStream): void {
    if (this.waiting.size > 0 || this.channel.congested) this.waiting.add(stream);
    else stream.transfer();
  }

  ended({ id }: RemoteStream): void {
    this.streams.delete(id);
  }

  guard(stream: RemoteStream, work: () => void): void {
    try {
      work();
    } catch (error) {
      stream.close(this.explain(error));
    }
  }

  private transferWaiting(): void {
    for (const stream of this.waiting) {
      if (this.channel.congested) return;
      this.waiting.delete(stream);
      stream.transfer();
    }
  }

  private receive(message: ToMain): void {
    this.pingsUnanswered = 0;
    switch (message[0]) {
      case 'pong':
        return;
      case 'ready':
        return this.options.onReady();
      case 'connections':
        return this.options.onConnections(message[1], message[2]);
      case 'open':
        return this.open(message[1], message[2]);
      case 'usage':
        this.questions.get(message[1])?.(message[2]);
        this.questions.delete(message[1]);
        return;
      case 'failed':
        return this.options.onError(new Error(message[1]));
      default:
        return this.onStreamEvent(message);
    }
  }

  /** What is said of a stream that was ended here meanwhile no longer matters. */
  private onStreamEvent(
    message: Extract<ToMain, readonly ['sent' | 'ack' | 'held' | 'nack' | 'taken' | 'closed', StreamId, ...unknown[]]>,
  ): void {
    const stream = this.streams.get(message[1]);
    if (!stream) return;
    switch (message[0]) {
      case 'sent':
        return stream.tell((peer) => peer.onSent(message[2]));
      case 'ack':
        return stream.tell((peer) => peer.onAck(message[2]));
      case 'held':
        return stream.tell((peer) => peer.onHeld?.(message[2]));
      case 'nack':
        return stream.tell((peer) => peer.onNack(message[2]));
      case 'taken':
        return stream.taken(message[2]);
      case 'closed':
        this.streams.delete(message[1]);
        return stream.end();
    }
  }

  private open(id: StreamId, open: Omit<AdsOpen, 'stream' | 'ended'>): void {
    const stream = new RemoteStream(id, this);
    this.streams.set(id, stream);
    this.connect({ ...open, stream, ended: stream.over })
      .then((peer) => stream.admit(peer))
      .catch((error: unknown) => stream.close(this.explain(error)));
  }

  private async connect(open: AdsOpen) {
    return this.options.handler.connect(open);
  }

  private explain(error: unknown): MeshError {
    if (MeshError.is(error)) return error;
    this.options.onError(error);
    return new MeshError('internal', { public: 'internal error', cause: error });
  }

  private lost(): void {
    this.waiting.clear();
    const streams = [...this.streams.values()];
    this.streams.clear();
    for (const stream of streams) stream.end();
    for (const answer of this.questions.values()) answer(undefined);
    this.questions.clear();
    this.options.onClosed();
  }
}
