import { describe, expect, it } from 'vitest';
import { BuildMemory } from './build-memory.js';

describe('the memory of builds', () => {
  it('makes a part once for the same inputs, and anew when any of them, or their number, changes', () => {
    const memory = new BuildMemory();
    const input = {};
    let made = 0;
    const make = () => ++made;
    expect(memory.reuse('inbounds', { inputs: [input, 'a'] }, make)).toBe(1);
    expect(memory.reuse('inbounds', { inputs: [input, 'a'] }, make)).toBe(1);
    expect(memory.reuse('inbounds', { inputs: [{}, 'a'] }, make)).toBe(2);
    expect(memory.reuse('inbounds', { inputs: [{}, 'a', undefined] }, make)).toBe(3);
    expect(memory.reuse('admin', { inputs: [input, 'a'] }, make)).toBe(4);
  });
});
