import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { endWithReader } from './io.js';

describe('output', () => {
  it('ends the program quietly when its reader went away, as head does', () => {
    const stream = new EventEmitter();
    const end = vi.fn();
    endWithReader(stream, end);
    stream.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(end).toHaveBeenCalledOnce();
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    expect(() => stream.emit('error', full)).toThrow(full);
  });
});
