/** Beyond that a client is not heard out: its connection ends. */
const DRAINED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Collects a body. What is beyond the limit is read and thrown away before the error, because a client
 * that is still writing sees a broken connection instead of the answer.
 * @throws Error with `statusCode` 413 for a body larger than `bytesMax`, 400 for one that breaks off.
 */
export async function readBody(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else chunks.length = 0;
      if (bytes > DRAINED_BYTES_MAX) break;
    }
  } catch (cause) {
    throw Object.assign(new Error('the body breaks off', { cause }), { statusCode: 400 });
  }
  if (bytes > bytesMax) throw Object.assign(new Error(`the body has more than ${bytesMax} bytes`), { statusCode: 413 });
  return Buffer.concat(chunks);
}
