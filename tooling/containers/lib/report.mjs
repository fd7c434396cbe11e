/** Prints a figure of a run: goals are compared with it, tests are not, as they may run on a busy machine. */
export function figure(what, value) {
  process.stdout.write(`  figure: ${what}: ${value}\n`);
}

/** Does some work, and prints how long it took. */
export async function timed(what, work) {
  const startedAt = performance.now();
  await work();
  figure(what, `${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

/** Sum of the first figure of each line of `docker stats`, in MiB. */
export function memoryMib(stats) {
  const unit = { KiB: 1 / 1024, MiB: 1, GiB: 1024 };
  return [...stats.matchAll(/ ([\d.]+)([KMG]iB) \//g)].reduce((sum, [, value, name]) => sum + Number(value) * unit[name], 0);
}
