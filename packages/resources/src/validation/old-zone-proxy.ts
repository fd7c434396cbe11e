import type { JsonObject, Normalized } from '@mesh/core';

const NETWORKING_FIELDS = ['address', 'port', 'advertisedAddress', 'advertisedPort'];

/** A zone proxy whose networking lost its indentation, as some pages print it: `networking:` empty, its fields at the top. */
export function normalizeZoneProxy(document: JsonObject): Normalized {
  const misplaced = NETWORKING_FIELDS.filter((field) => document[field] !== undefined);
  const nothingThere = document.networking === null || document.networking === undefined;
  if (!nothingThere || misplaced.length === 0) return { document, warnings: [] };
  const networking = Object.fromEntries(misplaced.map((field) => [field, document[field] ?? null]));
  const rest = Object.fromEntries(Object.entries(document).filter(([field]) => !misplaced.includes(field)));
  return {
    document: { ...rest, networking },
    warnings: [`${misplaced.join(', ')}: these fields belong into "networking", write networking: ${JSON.stringify(networking)} instead`],
  };
}
