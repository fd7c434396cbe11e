/** Prints one line per step: what it is, what came of it, how long it took. */
export class Progress {
  constructor(out = process.stdout, now = () => performance.now()) {
    this.out = out;
    this.now = now;
  }

  /**
   * Runs `work` as a step called `name`. `work` returns the words to show; long steps announce themselves
   * by calling the `say` they are given.
   */
  async step(name, work) {
    const startedAt = this.now();
    const say = (words) => this.out.write(`  ${name.padEnd(14)}${words} ...\n`);
    const words = await work(say);
    const seconds = ((this.now() - startedAt) / 1000).toFixed(1);
    this.out.write(`  ${name.padEnd(14)}${words.padEnd(48)} ${seconds.padStart(6)} s\n`);
  }

  line(words) {
    this.out.write(`${words}\n`);
  }
}
