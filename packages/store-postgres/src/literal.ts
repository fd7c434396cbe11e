/**
 * A text as a literal of SQL, the same as `pg.escapeLiteral` makes it. That one builds the literal letter by letter: 110 ms for a
 * megabyte of JSON, during which the process does nothing else and Postgres holds the lock of all writers.
 *
 * @param text without NUL, which Postgres has no text with.
 */
export function literal(text: string): string {
  const quoted = text.replaceAll("'", "''");
  // A leading blank keeps the E from what stands before it.
  return quoted.includes('\\') ? ` E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`;
}
