import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStamp, writeStamp } from './stamp.js';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the stamp of a response', () => {
  it('carries the revision and the trace of a change', () => {
    expect(writeStamp({ revision: 12 })).toBe('12');
    expect(readStamp(writeStamp({ revision: 12 }))).toEqual({ revision: 12 });
    expect(readStamp(writeStamp({ revision: 12, trace: TRACE }))).toEqual({ revision: 12, trace: TRACE });
  });

  it('says nothing where a peer writes anything else', () => {
    const isStamp = /^\d{1,15}( |$)/;
    fc.assert(
      fc.property(
        fc.string().filter((text) => !isStamp.test(text)),
        (text) => void expect(readStamp(text)).toEqual({}),
      ),
    );
    expect(readStamp(`12 ${TRACE}x`)).toEqual({});
  });
});
