/** Prints what happens and how long it took, one line per step; quiet colours only on a terminal. */
export class Narrator {
  private readonly startedMs = Date.now();

  constructor(
    private readonly write: (text: string) => void,
    private readonly colour: boolean,
  ) {}

  title(text: string): void {
    this.write(`\n${this.paint(text, 1)}\n`);
  }

  /** A step that runs while others may, too; its line appears when it is done. */
  readonly step = (what: string): (() => void) => {
    const from = Date.now();
    return () => this.write(`  ${this.paint('✓', 32)} ${what} ${this.paint(`${formatSeconds(Date.now() - from)}`, 2)}\n`);
  };

  /** A fact that was proven. */
  fact(text: string): void {
    this.write(`  ${this.paint('✓', 32)} ${text}\n`);
  }

  detail(text: string): void {
    this.write(`    ${this.paint(text, 2)}\n`);
  }

  failure(text: string): void {
    this.write(`  ${this.paint('✗', 31)} ${text}\n`);
  }

  line(text = ''): void {
    this.write(`${text}\n`);
  }

  /** Time since the start, for a closing line. */
  get elapsed(): string {
    return formatSeconds(Date.now() - this.startedMs);
  }

  private paint(text: string, code: number): string {
    return this.colour ? `\u001B[${code}m${text}\u001B[0m` : text;
  }
}

function formatSeconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
