/** For whoever reads the output: the figure is no promise of a test. @param sinceMs milliseconds since the epoch. */
export function sayHowLong(what: string, sinceMs: number): void {
  process.stdout.write(`${what}: ${Date.now() - sinceMs} ms\n`);
}
