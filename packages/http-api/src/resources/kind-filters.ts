import type { DataplaneSpec, ExternalServiceSpec, Tags } from '@mesh/resources';
import { tagSetsOf } from '@mesh/resources';
import type { ApiRequest } from '../http/route.js';
import { badQuery, type ResourceFilter } from './list-query.js';

/** Reads the query parameters only some kinds have. */
export type KindFilter = (request: ApiRequest) => ResourceFilter | undefined;

/** List parameters beyond those of every kind (contract/rest-api.md §2.2, GET list). */
export const kindFilters: Readonly<Record<string, KindFilter>> = {
  Dataplane: (request) => {
    const gateway = readGateway(request);
    const tags = readTags(request);
    if (!request.query.has('gateway') && !request.query.has('tag')) return undefined;
    return ({ spec }) => gateway(spec as DataplaneSpec) && tags(tagSetsOf(spec as DataplaneSpec));
  },
  ExternalService: (request) => {
    if (!request.query.has('tag')) return undefined;
    const tags = readTags(request);
    return ({ spec }) => tags([(spec as ExternalServiceSpec).tags ?? {}]);
  },
};

const GATEWAY_FILTERS: Readonly<Record<string, (spec: DataplaneSpec) => boolean>> = {
  true: (spec) => spec.networking?.gateway !== undefined,
  false: (spec) => spec.networking?.gateway === undefined,
  builtin: (spec) => spec.networking?.gateway?.type === 'BUILTIN',
  delegated: (spec) => spec.networking?.gateway !== undefined && spec.networking.gateway.type !== 'BUILTIN',
};

function readGateway(request: ApiRequest): (spec: DataplaneSpec) => boolean {
  const value = request.query.get('gateway') ?? '';
  if (value === '') return () => true;
  const found = Object.hasOwn(GATEWAY_FILTERS, value) ? GATEWAY_FILTERS[value] : undefined;
  if (found) return found;
  throw badQuery({
    field: `${request.template}.gateway`,
    message: `should use 'true', 'false', 'builtin' or 'delegated' instead of ${value.slice(0, 50)}`,
  });
}

/** `tag=key:value`, repeatable: the key is exact, the value a substring, `*` is any value; entries without a colon do not count. */
function readTags(request: ApiRequest): (tagSets: readonly Tags[]) => boolean {
  const wanted = request.query.getAll('tag').flatMap((tag) => {
    const colon = tag.indexOf(':');
    return colon < 0 ? [] : [{ key: tag.slice(0, colon), value: tag.slice(colon + 1) }];
  });
  return (tagSets) => wanted.every(({ key, value }) => tagSets.some((tags) => hasTag(tags, key, value)));
}

function hasTag(tags: Tags, key: string, value: string): boolean {
  const actual = Object.hasOwn(tags, key) ? tags[key] : undefined;
  return actual !== undefined && (value === '*' || actual.includes(value));
}
