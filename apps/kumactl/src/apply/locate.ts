import { type Document, isMap, isPair, isSeq, type LineCounter, type Node } from 'yaml';

/** Steps of a field's path as errors write it: `a.b[0].tags["k"]` is `a`, `b`, 0, `tags`, `k`; what cannot be read ends it. */
export function stepsOf(field: string): (string | number)[] {
  const steps: (string | number)[] = [];
  const step = /\.?([^.[\]"]+)|\[(\d+)\]|\["([^"]*)"\]/y;
  for (let match = step.exec(field); match; match = step.exec(field)) {
    const [, name, index, key] = match;
    steps.push(index === undefined ? (name ?? key ?? '') : Number(index));
  }
  return steps;
}

/**
 * Line and column of a field in a document, or of the innermost part around it that the user has written: a field that
 * is missing, or that an old form was turned into, stands nowhere itself.
 */
export function locate(document: Document.Parsed, lines: LineCounter, field: string): { readonly line: number; readonly col: number } {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? document.range[0];
  for (const step of stepsOf(field)) {
    const next: unknown = childOf(node, step);
    if (next === undefined) break;
    offset = offsetOf(isPair(next) ? next.key : next) ?? offset;
    node = isPair(next) ? next.value : next;
  }
  return lines.linePos(offset);
}

function childOf(node: unknown, step: string | number): unknown {
  if (isMap(node)) return node.items.find(({ key }) => String(key) === String(step));
  if (isSeq(node) && typeof step === 'number') return node.items[step];
  return undefined;
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
