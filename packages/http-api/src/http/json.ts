/** JSON as Kuma prints it: one space per level and a newline at the end (contract/rest-api.md §1). */
export function printJson(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
