import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * How a command of a guide is run: to its end; `background`: it stays; `control-plane`: it stays, and its API answers
 * before the guide goes on; `soon`: again until it prints what is expected; `fails`: it ends with an error; `stop`: it names a
 * command that stayed, which is stopped.
 */
export type GuideMode = 'run' | 'background' | 'control-plane' | 'soon' | 'fails' | 'stop';

/** A command of a guide, and what its readers are told to expect. */
export interface GuideStep {
  /** Line of the guide, for the name of the test. */
  readonly line: number;
  readonly command: string;
  /** The machine on which to type it, where a guide is about several. */
  readonly machine: string | undefined;
  readonly mode: GuideMode;
  /** Texts that its output contains, in this order. */
  readonly output: readonly string[];
}

const MODES: readonly GuideMode[] = ['background', 'control-plane', 'soon', 'fails', 'stop'];
const FENCE = /^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm;

/**
 * The commands of a guide below `docs/guides`: its `sh` blocks, each with the `text` block that follows it.
 * @param options `without`: a machine whose blocks are left out.
 */
export function readGuide(name: string, { without }: { readonly without?: string } = {}): readonly GuideStep[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs/guides', name), 'utf8');
  const steps: GuideStep[] = [];
  for (const { 1: language, 2: info = '', 3: content = '', index } of text.matchAll(FENCE)) {
    const previous = steps.at(-1);
    if (language === 'sh') {
      const words = info.split(' ').filter((word) => word !== '');
      const mode = MODES.find((each) => words.includes(each)) ?? 'run';
      const machine = words.find((word) => word !== mode);
      const line = text.slice(0, index).split('\n').length;
      steps.push({ line, command: content.trimEnd(), machine, mode, output: [] });
    } else if (language === 'text' && previous) {
      steps[steps.length - 1] = { ...previous, output: content.trimEnd().split('\n') };
    }
  }
  return steps.filter(({ machine }) => without === undefined || machine !== without);
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
