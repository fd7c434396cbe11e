import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readBody } from './read-body.js';

const chunk = Buffer.alloc(1024 * 1024, 'a');

describe('a body', () => {
  it('is given whole up to the limit', async () => {
    expect((await readBody(Readable.from([chunk, chunk]), 2 * chunk.length)).equals(Buffer.concat([chunk, chunk]))).toBe(true);
    expect(await readBody(Readable.from([]), 10)).toEqual(Buffer.alloc(0));
  });

  it('beyond the limit is refused after it was read, so that its sender hears of it', async () => {
    let sent = 0;
    const body = Readable.from(
      (function* () {
        for (; sent < 10; sent++) yield chunk;
      })(),
    );
    await expect(readBody(body, chunk.length)).rejects.toMatchObject({ statusCode: 413 });
    expect(sent).toBe(10);
  });

  it('without end is not heard out', async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield chunk;
      })(),
    );
    await expect(readBody(endless, chunk.length)).rejects.toMatchObject({ statusCode: 413 });
    expect(endless.destroyed).toBe(true);
  });

  it('that breaks off is the fault of its sender', async () => {
    const broken = new Readable({ read() {} });
    broken.push(chunk);
    broken.destroy(new Error('aborted'));
    await expect(readBody(broken, 10)).rejects.toMatchObject({ statusCode: 400 });
  });
});
