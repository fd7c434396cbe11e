import type { Readable } from 'node:stream';

/** Beyond that a client is not heard out: its connection ends. */
const DRAINED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Collects a body. What is beyond the limit is read and thrown away before the error, because a client
 * that is still writing sees a broken connection instead of the answer.
 * @throws Error with `statusCode` 413 for a body larger than `bytesMax`, 400 for one that breaks off.
 */
export function readBody(body: Readable, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const tooLarge = () => refusal(413, `the body has more than ${bytesMax} bytes`);
    body.on('data', (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else chunks.length = 0;
      if (bytes <= DRAINED_BYTES_MAX) return;
      reject(tooLarge());
      body.destroy();
    });
    body.on('end', () =>
      bytes > bytesMax ? reject(tooLarge()) : resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
    );
    body.on('error', (cause) => reject(refusal(400, 'the body breaks off', cause)));
    body.on('close', () => {
      if (!body.readableEnded) reject(refusal(400, 'the body breaks off'));
    });
  });
}

function refusal(statusCode: number, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { statusCode });
}
