/** The known name that somebody most likely meant; undefined where none is near. */
export function suggest(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: { name: string; distance: number } | undefined;
  const farthest = Math.min(3, Math.max(1, Math.floor(wanted.length / 4)));
  for (const candidate of known) {
    const distance = distanceWithin(wanted, candidate.toLowerCase(), best ? best.distance - 1 : farthest);
    if (distance !== undefined) best = { name: candidate, distance };
    if (distance === 0) break;
  }
  return best?.name;
}

/** Edits (insert, delete, replace, swap of neighbours) between two texts; undefined where there are more than `max`. */
function distanceWithin(a: string, b: string, max: number): number | undefined {
  if (max < 0 || Math.abs(a.length - b.length) > max) return undefined;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : max + 1;
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost, swapped));
    }
    before = previous;
    previous = current;
  }
  const distance = previous[b.length] ?? max + 1;
  return distance <= max ? distance : undefined;
}
