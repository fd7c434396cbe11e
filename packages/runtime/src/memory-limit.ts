import { MeshError } from '@mesh/core';

const MIB = 1024 * 1024;
/** The least a service starts and serves a small mesh with. */
const MEMORY_BYTES_MIN = 96 * MIB;

/**
 * Throws `invalid` where this process may use so little memory that it would be killed sooner or later, without a word.
 * @param limitBytes what the container or the operating system allows; 0: no limit.
 */
export function requireMemory(limitBytes: number = process.constrainedMemory() ?? 0): void {
  if (limitBytes === 0 || limitBytes >= MEMORY_BYTES_MIN) return;
  throw new MeshError('invalid', {
    public: `the limit of memory is ${Math.floor(limitBytes / MIB)} MiB, and a service needs ${MEMORY_BYTES_MIN / MIB} MiB or more`,
    hint: 'raise the limit of the container (mem_limit, docker run --memory, resources.limits.memory)',
  });
}
