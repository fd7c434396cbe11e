import { expect, test } from 'vitest';
import { requireMemory } from './memory-limit.js';

const MIB = 1024 * 1024;

test('a limit too low to live with ends the start with both figures and what to do', () => {
  expect(() => requireMemory(64 * MIB)).toThrow('the limit of memory is 64 MiB, and a service needs 96 MiB or more');
});

test.each([0, 96 * MIB, 2 ** 63])('a limit of %d bytes is none or enough', (bytes) => {
  expect(() => requireMemory(bytes)).not.toThrow();
});
