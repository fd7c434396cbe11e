import { duplexPair } from 'node:stream';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { Channel } from './channel.js';

it('messages arrive complete and in order, however their bytes are cut', async () => {
  const message = fc.tuple(fc.string(), fc.uint8Array({ maxLength: 50 }), fc.integer());
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      async (messages, cuts) => {
        const [near, far] = duplexPair();
        const sender = new Channel<unknown, never>(near, { onMessage: () => {}, onClosed: () => {} });
        const [cut, end] = duplexPair();
        const received: unknown[] = [];
        new Channel<never, unknown>(end, { onMessage: (one) => received.push(one), onClosed: () => {} });
        let turn = 0;
        far.on('data', (chunk: Buffer) => {
          for (let at = 0; at < chunk.length; ) {
            const length = cuts[turn++ % cuts.length] ?? 1;
            cut.write(chunk.subarray(at, at + length));
            at += length;
          }
        });
        for (const one of messages) sender.send(one);
        await vi.waitFor(() => expect(received).toHaveLength(messages.length));
        expect(received.map((one) => (one as unknown[]).map((part) => (part instanceof Uint8Array ? [...part] : part)))).toEqual(
          messages.map(([text, bytes, number]) => [text, [...bytes], number]),
        );
        near.destroy();
        cut.destroy();
      },
    ),
    { numRuns: 60 },
  );
});

it('tells once that the other side is gone, and takes messages to nowhere afterwards', async () => {
  const [near, far] = duplexPair();
  const onClosed = vi.fn();
  const channel = new Channel<string, string>(near, { onMessage: () => {}, onClosed });
  far.end();
  await vi.waitFor(() => expect(onClosed).toHaveBeenCalledOnce());
  channel.send('late');
  near.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  expect(onClosed).toHaveBeenCalledOnce();
});
