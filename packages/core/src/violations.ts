/** One thing wrong with a document: where, and what. Wire form of `causes` and `invalid_parameters`. */
export interface Violation {
  readonly field: string;
  readonly message: string;
}

/**
 * Collects violations in traversal order under a path (`a.b[0].tags["k"]`,
 * contract/rest-api.md §8). Every check adds; nothing throws, so a user sees all mistakes at once.
 */
export class Violations {
  private constructor(
    private readonly found: Violation[],
    readonly path: string,
  ) {}

  static at(path = ''): Violations {
    return new Violations([], path);
  }

  /** A collector for a field below this one. */
  field(name: string): Violations {
    return new Violations(this.found, this.path === '' ? name : `${this.path}.${name}`);
  }

  /** A collector for an element of a list. */
  index(i: number): Violations {
    return new Violations(this.found, `${this.path}[${i}]`);
  }

  /** A collector for an entry of a map. */
  key(key: string): Violations {
    return new Violations(this.found, `${this.path}["${key}"]`);
  }

  add(message: string): void {
    this.found.push({ field: this.path, message });
  }

  addAll(violations: readonly Violation[]): void {
    this.found.push(...violations);
  }

  get list(): readonly Violation[] {
    return this.found;
  }

  get ok(): boolean {
    return this.found.length === 0;
  }
}

/** `field: message; field: message`, the one-line form used in NACKs and logs. */
export function joinViolations(violations: readonly Violation[]): string {
  return violations.map((v) => (v.field === '' ? v.message : `${v.field}: ${v.message}`)).join('; ');
}
