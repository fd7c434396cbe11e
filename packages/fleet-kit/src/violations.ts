/** What a control plane did wrong, counted by rule, with the first examples of each. */
export class Violations {
  private readonly byRule = new Map<string, { count: number; examples: string[] }>();

  add(rule: string, detail: string): void {
    let entry = this.byRule.get(rule);
    if (!entry) this.byRule.set(rule, (entry = { count: 0, examples: [] }));
    entry.count += 1;
    if (entry.examples.length < 5) entry.examples.push(detail);
  }

  get count(): number {
    return [...this.byRule.values()].reduce((sum, { count }) => sum + count, 0);
  }

  toJSON(): Record<string, { count: number; examples: string[] }> {
    return Object.fromEntries(this.byRule);
  }
}
