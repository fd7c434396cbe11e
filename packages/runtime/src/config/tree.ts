/** A configuration while it is put together. */
export type Draft = { [key: string]: unknown };

/** Sets a value at a path, making objects on the way. */
export function setAt(root: Draft, path: readonly string[], value: unknown): void {
  let at = root;
  for (const part of path.slice(0, -1)) {
    const next = at[part];
    if (typeof next === 'object' && next !== null) at = next as Draft;
    else at = at[part] = Object.create(null) as Draft;
  }
  at[path.at(-1) ?? ''] = value;
}

/** The value at a path, or undefined. */
export function getAt(root: unknown, path: readonly string[]): unknown {
  let at = root;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Draft)[part];
  }
  return at;
}

/** Freezes a tree of plain objects and lists. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
