/**
 * What `chaos` and `faults` run, as `{ args, env }` of vitest in `test-e2e`: a random walk over faults
 * (`[--seed N] [--minutes M]`), or every fault for as long as an outage lasts (`[files]`).
 */
export function faultRun(mode, args) {
  if (mode === 'faults') return { args: args.length > 0 ? args : ['faults'], env: { MESH_FAULTS: 'full' } };
  // Tests take the same walk every time; who walks by himself goes elsewhere.
  const env = { MESH_CHAOS_SEED: String(1 + Math.floor(Math.random() * 1_000_000)) };
  const rest = [...args];
  while (rest.length > 0) {
    const [flag, inline] = rest.shift().split('=', 2);
    const name = { '--seed': 'MESH_CHAOS_SEED', '--minutes': 'MESH_CHAOS_MINUTES' }[flag];
    if (!name) throw new Error(`unknown argument ${flag}; known are --seed and --minutes`);
    const value = inline ?? rest.shift();
    if (!(Number(value) > 0)) throw new Error(`${flag} needs a number above 0, not ${value ?? 'nothing'}`);
    env[name] = value;
  }
  return { args: ['faults/chaos.test.ts'], env };
}
