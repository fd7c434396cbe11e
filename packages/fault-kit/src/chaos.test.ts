import { describe, expect, it } from 'vitest';
import { nextStep, randomOf } from './chaos.js';
import { allFaults } from './faults/index.js';

function walk(seed: number, steps: number): string[] {
  const random = randomOf(seed);
  return Array.from({ length: steps }, () => {
    const { fault, lastsMs } = nextStep(allFaults, random);
    return `${fault.name} ${lastsMs}`;
  });
}

describe('the random walk over faults', () => {
  it('is the same for the same seed, and another one for another', () => {
    expect(walk(7, 50)).toEqual(walk(7, 50));
    expect(walk(7, 50)).not.toEqual(walk(8, 50));
  });

  it('comes to every fault, alone or with another one of another place', () => {
    const names = walk(1, 1000).join('\n');
    expect(allFaults.filter(({ name }) => !names.includes(name))).toEqual([]);
    expect(names).toContain(', and ');
  });
});
