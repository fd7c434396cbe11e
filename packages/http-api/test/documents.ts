import type { JsonObject, Resource } from '@mesh/core';
import { resource } from '@mesh/testing';

export const CREATED = '2026-11-21T08:01:55.598366727Z';

/** A resource of any kind, made at a known time. */
export function stored(kind: string, name: string, options: { mesh?: string; spec?: JsonObject } = {}): Resource {
  return resource(kind, name, options.mesh ?? '')
    .createdAt(CREATED)
    .withSpec(options.spec ?? {})
    .build();
}

/** The spec of a Dataplane with one inbound. */
export function dataplaneSpec(tags: Record<string, string>, extra: JsonObject = {}): JsonObject {
  return { networking: { address: '10.77.0.2', inbound: [{ port: 8080, tags }], ...extra } };
}

/** The body of an error, byte by byte. */
export function errorBody(
  ...problem: [status: number, title: string, detail: string, causes?: readonly (readonly [string, string])[]]
): string {
  const [status, title, detail, causes = []] = problem;
  const some = causes.length > 0;
  return `${JSON.stringify(
    {
      type: '/std-errors',
      status,
      title,
      detail,
      ...(some ? { invalid_parameters: causes.map(([field, reason]) => ({ field, reason })) } : {}),
      details: detail,
      ...(some ? { causes: causes.map(([field, message]) => ({ field, message })) } : {}),
    },
    null,
    1,
  )}\n`;
}
