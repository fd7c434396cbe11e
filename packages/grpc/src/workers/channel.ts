import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';

/** Bytes of the length before each frame. */
const headerBytes = 4;
/** A frame is sent as soon as it holds about so much, without waiting for the end of the turn. */
const frameBytesMin = 256 * 1024;

export interface ChannelEvents<In> {
  /** One message; those of one turn of the other side come in one turn here. */
  onMessage(message: In): void;
  /** What was written has left: there is room again. */
  onRoom?(): void;
  /** Once: the other side is gone, or broke the framing. */
  onClosed(): void;
}

/**
 * Messages over a byte stream between two processes of one program, both of which trust each other: each frame is a
 * length and the messages of one turn of the event loop, as V8 writes structured data.
 */
export class Channel<Out, In> {
  private queued: Out[] = [];
  private queuedBytes = 0;
  private scheduled = false;
  private received: Buffer[] = [];
  private receivedBytes = 0;
  private open = true;

  constructor(
    private readonly stream: Duplex,
    private readonly events: ChannelEvents<In>,
  ) {
    stream.on('data', (chunk: Buffer) => this.receive(chunk));
    stream.on('drain', () => this.open && events.onRoom?.());
    // What is behind an error is told by the close that follows.
    stream.on('error', () => {});
    stream.on('end', () => this.close());
    stream.on('close', () => this.close());
  }

  /** Whether the other side does not keep up: what can wait should wait for `onRoom`. */
  get congested(): boolean {
    return this.stream.writableNeedDrain;
  }

  /** Bytes that were not taken by the other side yet. */
  get backlogBytes(): number {
    return this.stream.writableLength;
  }

  /**
   * Sends with everything else of this turn, in order; without effect once closed.
   * @param bytes about how large it is, where that is much.
   */
  send(message: Out, bytes = 0): void {
    if (!this.open) return;
    this.queued.push(message);
    this.queuedBytes += bytes;
    if (this.queuedBytes >= frameBytesMin) this.flush();
    else if (!this.scheduled) {
      this.scheduled = true;
      setImmediate(() => {
        this.scheduled = false;
        this.flush();
      });
    }
  }

  /** Sends what waits, then ends the stream. */
  end(): void {
    this.flush();
    this.stream.end();
  }

  private flush(): void {
    if (this.queued.length === 0 || !this.open) return;
    const body = serialize(this.queued);
    this.queued = [];
    this.queuedBytes = 0;
    const header = Buffer.allocUnsafe(headerBytes);
    header.writeUInt32LE(body.length);
    this.stream.cork();
    this.stream.write(header);
    this.stream.write(body);
    this.stream.uncork();
  }

  private receive(chunk: Buffer): void {
    this.received.push(chunk);
    this.receivedBytes += chunk.length;
    while (this.open && this.receivedBytes >= headerBytes) {
      const length = this.peek();
      if (this.receivedBytes < headerBytes + length) return;
      const all = this.received.length === 1 ? (this.received[0] as Buffer) : Buffer.concat(this.received);
      const end = headerBytes + length;
      this.received = all.length > end ? [all.subarray(end)] : [];
      this.receivedBytes = all.length - end;
      for (const message of deserialize(all.subarray(headerBytes, end)) as In[]) this.events.onMessage(message);
    }
  }

  /** Length of the next frame; the header may be spread over chunks. */
  private peek(): number {
    if ((this.received[0] as Buffer).length < headerBytes) this.received = [Buffer.concat(this.received)];
    return (this.received[0] as Buffer).readUInt32LE();
  }

  private close(): void {
    if (!this.open) return;
    this.open = false;
    this.queued = [];
    this.stream.destroy();
    this.events.onClosed();
  }
}
