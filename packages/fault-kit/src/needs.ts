import type { Fault, Need } from './fault.js';
import { Clock } from './world/clock.js';
import { SmallDisk } from './world/small-disk.js';
import { mayMakeWires } from './world/wire.js';

const NEEDS: Readonly<Record<Need, { readonly what: string; readonly isThere: () => boolean }>> = {
  wires: { what: 'Linux, root and /dev/net/tun', isThere: mayMakeWires },
  faketime: { what: 'libfaketime', isThere: () => Clock.isPossible() },
  mounts: { what: 'Linux and root', isThere: () => SmallDisk.isPossible() },
};

/** Those this machine allows; says aloud which ones are left out, and why. */
export function possibleFaults(faults: readonly Fault[]): Fault[] {
  return faults.filter(({ name, needs }) => {
    if (needs === undefined || NEEDS[needs].isThere()) return true;
    process.stderr.write(`SKIPPED: "${name}" needs ${NEEDS[needs].what}\n`);
    return false;
  });
}
