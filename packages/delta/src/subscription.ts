/** What a client wants of one type: all of it, names, or both. */
export class Subscription {
  private readonly explicit = new Set<string>();
  /** Whether names were ever given on this stream: it ends the legacy wildcard of SotW. */
  private hadNames = false;
  wildcard = false;

  get names(): ReadonlySet<string> {
    return this.explicit;
  }

  includes(name: string): boolean {
    return this.wildcard || this.explicit.has(name);
  }

  has(name: string): boolean {
    return this.explicit.has(name);
  }

  add(name: string): void {
    this.explicit.add(name);
    this.hadNames = true;
  }

  remove(name: string): void {
    this.explicit.delete(name);
  }

  /**
   * Takes the full list of a SotW request. An empty list means everything where the type allows it
   * and no names were given before, else nothing.
   * @returns the names that were not asked for before.
   */
  replace(names: readonly string[], legacyWildcard: boolean): readonly string[] {
    const wanted = new Set(names);
    this.wildcard = wanted.delete('*') || (names.length === 0 && legacyWildcard && !this.hadNames);
    const added: string[] = [];
    for (const name of this.explicit) if (!wanted.has(name)) this.explicit.delete(name);
    for (const name of wanted) {
      if (!this.explicit.has(name)) added.push(name);
      this.add(name);
    }
    if (names.length > 0) this.hadNames = true;
    return added;
  }
}
