import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A command of a guide, and what its readers are told to expect. */
export interface GuideStep {
  /** Line of the guide, for the name of the test. */
  readonly line: number;
  readonly command: string;
  /** `background`: it stays; `fails`: it ends with an error. */
  readonly mode: 'run' | 'background' | 'fails';
  /** Texts that its output contains, in this order. */
  readonly output: readonly string[];
}

const FENCE = /^```(\w+)(?: (background|fails))?\n([\s\S]*?)^```$/gm;

/** The commands of a guide below `docs/guides`: its `sh` blocks, each with the `text` block that follows it. */
export function readGuide(name: string): readonly GuideStep[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs/guides', name), 'utf8');
  const steps: GuideStep[] = [];
  for (const { 1: language, 2: mode, 3: content = '', index } of text.matchAll(FENCE)) {
    const previous = steps.at(-1);
    if (language === 'sh') {
      const line = text.slice(0, index).split('\n').length;
      steps.push({ line, command: content.trimEnd(), mode: (mode as GuideStep['mode'] | undefined) ?? 'run', output: [] });
    } else if (language === 'text' && previous) {
      steps[steps.length - 1] = { ...previous, output: content.trimEnd().split('\n') };
    }
  }
  return steps;
}

/** The expected texts that an output lacks, or has in another order. */
export function missingIn(output: string, expected: readonly string[]): readonly string[] {
  let at = 0;
  return expected.filter((text) => {
    const found = output.indexOf(text, at);
    if (found >= 0) at = found + text.length;
    return found < 0;
  });
}
