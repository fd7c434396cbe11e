const GUTTER = '   ';

/** A table as kumactl prints it: three spaces between columns, nothing padded after the last. */
export function printTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headers, ...rows];
  const widths = headers.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ''))));
  const last = headers.length - 1;
  const print = (line: readonly string[]): string =>
    headers.map((_, column) => (column === last ? (line[column] ?? '') : pad(line[column] ?? '', widths[column] ?? 0))).join(GUTTER);
  return `${lines.map(print).join('\n')}\n`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(width - widthOf(text));
}

function widthOf(text: string): number {
  return [...text].length;
}
