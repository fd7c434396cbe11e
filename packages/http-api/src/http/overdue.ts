import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

export interface OverdueOptions {
  readonly server: Server;
  /** So long a request may go on that turned out to be arriving, in milliseconds. */
  readonly againMs: number;
  /** Called with a connection on which nothing came, and with the error that its listener was given. */
  readonly giveUp: (error: Error, socket: Socket) => void;
}

/**
 * Requests that have not arrived in time, as Node sees it: it looks by the clock, before it reads what has come. Where this process was
 * busy for so long, the request may lie there unread. So each is read first, and given up only if nothing had come; who did send
 * something gets as much time again, once.
 */
export class Overdue {
  private readonly newest = new WeakMap<Socket, IncomingMessage>();

  constructor(private readonly options: OverdueOptions) {
    options.server.prependListener('request', (request: IncomingMessage) => this.newest.set(request.socket, request));
  }

  /** Takes a connection that the server's `clientError` was called for with `ERR_HTTP_REQUEST_TIMEOUT`. */
  add(error: Error, socket: Socket): void {
    const { giveUp, againMs } = this.options;
    const hasArrived = this.lookFor(socket);
    const { bytesRead } = socket;
    // Node looks in the phase of timers; what lies there is read in the next one, and immediates come after that.
    setImmediate(() => {
      if (socket.destroyed || hasArrived()) return;
      if (socket.bytesRead === bytesRead) return giveUp(error, socket);
      const timer = setTimeout(() => {
        if (!socket.destroyed && !hasArrived()) giveUp(error, socket);
      }, againMs);
      timer.unref();
      socket.once('close', () => clearTimeout(timer));
    });
  }

  /** Tells whether the request has arrived since that is on its way now: the rest of the newest one, or one after it. */
  private lookFor(socket: Socket): () => boolean {
    const before = this.newest.get(socket);
    if (before && !before.complete) return () => before.complete;
    return () => {
      const now = this.newest.get(socket);
      return now !== before && now?.complete === true;
    };
  }
}
