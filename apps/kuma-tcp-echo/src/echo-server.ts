import { createServer, type Server, type Socket } from 'node:net';

/** Who answers; shown in every HTTP answer so that a reader sees which instance it was. */
export interface EchoIdentity {
  readonly name: string;
  readonly zone: string;
  readonly version: string;
}

/** The largest request head and body that are echoed; longer ones are cut off with 413. */
const REQUEST_BYTES_MAX = 1024 * 1024;
const HTTP_START = /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT) \S* HTTP\/1\.[01]\r?\n/;
const HTTP_PREFIX = /^[A-Z]{1,7}( |$)/;

/**
 * A TCP server that sends back what it receives. A connection that starts with an HTTP/1 request
 * line gets an HTTP answer instead: JSON with the answering instance, method, path, headers and body.
 */
export function createEchoServer(identity: EchoIdentity): Server {
  return createServer((socket) => {
    socket.on('error', () => socket.destroy());
    new EchoConnection(socket, identity).start();
  });
}

class EchoConnection {
  private pending: Buffer = Buffer.alloc(0);
  private mode: 'unknown' | 'raw' | 'http' = 'unknown';

  constructor(
    private readonly socket: Socket,
    private readonly identity: EchoIdentity,
  ) {}

  start(): void {
    this.socket.on('data', (chunk) => this.onData(chunk));
  }

  private onData(chunk: Buffer): void {
    if (this.mode === 'raw') {
      this.socket.write(chunk);
      return;
    }
    this.pending = Buffer.concat([this.pending, chunk]);
    if (this.mode === 'unknown') this.mode = protocolOf(this.pending);
    if (this.isRaw()) {
      this.socket.write(this.pending);
      this.pending = Buffer.alloc(0);
      return;
    }
    if (this.mode === 'http') while (this.answerOne()) {}
  }

  private isRaw(): boolean {
    return this.mode === 'raw';
  }

  /** Answers the first whole request in the buffer; false where there is none yet. */
  private answerOne(): boolean {
    const end = this.pending.indexOf('\r\n\r\n');
    if (end < 0 || this.pending.length > REQUEST_BYTES_MAX) return this.refuseIfTooLarge();
    const lines = this.pending.subarray(0, end).toString('latin1').split('\r\n');
    const [method = '', path = ''] = (lines[0] ?? '').split(' ');
    const headers = parseHeaders(lines.slice(1));
    const lengthBytes = Number(headers['content-length'] ?? 0);
    const bodyEnd = end + 4 + (Number.isFinite(lengthBytes) && lengthBytes > 0 ? lengthBytes : 0);
    if (bodyEnd > REQUEST_BYTES_MAX) return this.refuse();
    if (this.pending.length < bodyEnd) return false;
    const body = this.pending.subarray(end + 4, bodyEnd).toString('utf8');
    this.pending = this.pending.subarray(bodyEnd);
    this.answer({ method, path, headers, body });
    return true;
  }

  private answer(request: { method: string; path: string; headers: Record<string, string>; body: string }): void {
    const payload = `${JSON.stringify({ ...this.identity, ...request })}\n`;
    const close = request.headers['connection']?.toLowerCase() === 'close';
    const head = [
      'HTTP/1.1 200 OK',
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(payload)}`,
      `x-echo-name: ${this.identity.name}`,
      `x-echo-zone: ${this.identity.zone}`,
      ...(close ? ['connection: close'] : []),
    ];
    this.socket.write(`${head.join('\r\n')}\r\n\r\n${request.method === 'HEAD' ? '' : payload}`);
    if (close) this.socket.end();
  }

  private refuseIfTooLarge(): boolean {
    return this.pending.length > REQUEST_BYTES_MAX ? this.refuse() : false;
  }

  private refuse(): false {
    this.pending = Buffer.alloc(0);
    this.socket.end('HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    return false;
  }
}

/** What the first bytes of a connection tell: HTTP/1, something else, or too few to say. */
function protocolOf(bytes: Buffer): 'unknown' | 'raw' | 'http' {
  const head = bytes.subarray(0, 8192).toString('latin1');
  if (HTTP_START.test(head)) return 'http';
  return head.includes('\n') || !HTTP_PREFIX.test(head) || bytes.length > 8192 ? 'raw' : 'unknown';
}

function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return headers;
}
