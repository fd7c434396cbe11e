import { isDeepStrictEqual } from 'node:util';
import { compareByMeshAndName, type Resource, TAG_SERVICE } from '@mesh/core';
import type { DataplaneSpec } from '@mesh/resources';
import { tagsKey } from '../model/tags.js';
import type { Endpoint, EndpointMap } from './endpoint.js';
import { type EndpointSources, endpointsElsewhere, endpointsHere, sameElsewhere, sameHere } from './endpoints.js';

/** Endpoints by service, and what the next index is made from: only services of which something changed are looked at. */
export interface EndpointIndex {
  readonly byService: EndpointMap;
  readonly sources: EndpointSources;
  /** Of dataplanes of the zone. */
  readonly here: ReadonlyMap<string, readonly Offer[]>;
  /** Of everything else, in the order in which they were found. */
  readonly elsewhere: EndpointMap;
}

/** What a dataplane offers of one service. */
interface Offer {
  readonly dataplane: Resource<DataplaneSpec>;
  readonly endpoints: readonly Endpoint[];
}

/** A part of an index with the services for which it is not what it was. */
interface Part<T> {
  readonly byService: ReadonlyMap<string, T>;
  readonly touched: Iterable<string>;
}

/**
 * All endpoints of a mesh as its proxies in this zone reach them (contract/dataplane.md §3.6). Lists of
 * services that are what they were `before` are the same arrays, and so is the map if all of them are.
 */
export function indexEndpoints(sources: EndpointSources, before?: EndpointIndex): EndpointIndex {
  const here = indexHere(sources, before);
  const elsewhere = indexElsewhere(sources, before);
  const byService = new Map(before?.byService);
  let changed = before === undefined;
  for (const service of new Set([...here.touched, ...elsewhere.touched])) {
    const offers = here.byService.get(service) ?? [];
    const found = [...offers.flatMap(({ endpoints }) => endpoints), ...(elsewhere.byService.get(service) ?? [])];
    const list = found.sort(compareEndpoints);
    if (sameEndpoints(list, before?.byService.get(service) ?? [])) continue;
    changed = true;
    if (list.length > 0) byService.set(service, list);
    else byService.delete(service);
  }
  return {
    sources,
    here: here.byService,
    elsewhere: elsewhere.byService,
    byService: changed ? byService : (before?.byService ?? byService),
  };
}

function indexHere(sources: EndpointSources, before: EndpointIndex | undefined): Part<readonly Offer[]> {
  const known = before && sameHere(sources, before.sources) ? before : undefined;
  const { gone, come } = difference(known?.sources.dataplanes ?? [], sources.dataplanes);
  const byService = new Map(known?.here);
  const touched = new Set(known ? [] : before?.here.keys());
  for (const dataplane of gone) {
    for (const service of servicesOf(endpointsHere(dataplane, sources))) {
      touched.add(service);
      const rest = (byService.get(service) ?? []).filter((offer) => offer.dataplane !== dataplane);
      if (rest.length > 0) byService.set(service, rest);
      else byService.delete(service);
    }
  }
  for (const dataplane of come) {
    const made = endpointsHere(dataplane, sources);
    for (const service of servicesOf(made)) {
      touched.add(service);
      const endpoints = made.filter(({ tags }) => tags[TAG_SERVICE] === service);
      byService.set(service, withOffer(byService.get(service) ?? [], { dataplane, endpoints }));
    }
  }
  return { byService, touched };
}

/** The offers with one more, in the order of their dataplanes. */
function withOffer(offers: readonly Offer[], offer: Offer): readonly Offer[] {
  const place = offers.findIndex(({ dataplane }) => compareByMeshAndName(dataplane, offer.dataplane) > 0);
  return offers.toSpliced(place < 0 ? offers.length : place, 0, offer);
}

function indexElsewhere(sources: EndpointSources, before: EndpointIndex | undefined): Part<readonly Endpoint[]> {
  if (before && sameElsewhere(sources, before.sources)) return { byService: before.elsewhere, touched: [] };
  const byService = endpointsElsewhere(sources);
  return { byService, touched: [...byService.keys(), ...(before?.elsewhere.keys() ?? [])] };
}

function servicesOf(endpoints: readonly Endpoint[]): Iterable<string> {
  return new Set(endpoints.map(({ tags }) => tags[TAG_SERVICE] ?? ''));
}

/** What is only in the one list, and what only in the other; both are in order, and most of them is the same. */
function difference<T extends Resource<unknown>>(before: readonly T[], now: readonly T[]): { readonly gone: T[]; readonly come: T[] } {
  const gone: T[] = [];
  const come: T[] = [];
  for (let i = 0, j = 0; i < before.length || j < now.length; ) {
    const [old, fresh] = [before[i], now[j]];
    if (old === fresh) {
      i++;
      j++;
      continue;
    }
    const order = orderOf(old, fresh);
    if (order <= 0) i++;
    if (order >= 0) j++;
    if (order <= 0) gone.push(old as T);
    if (order >= 0) come.push(fresh as T);
  }
  return { gone, come };
}

/** Negative where only the first is there or comes first, 0 where they have one name. */
function orderOf(a: Resource<unknown> | undefined, b: Resource<unknown> | undefined): number {
  if (a === undefined) return 1;
  return b === undefined ? -1 : compareByMeshAndName(a, b);
}

function sameEndpoints(now: readonly Endpoint[], before: readonly Endpoint[]): boolean {
  return now.length === before.length && now.every((endpoint, i) => endpoint === before[i] || isDeepStrictEqual(endpoint, before[i]));
}

function compareEndpoints(a: Endpoint, b: Endpoint): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  if (a.port !== b.port) return a.port - b.port;
  const left = tagsKey(a.tags);
  const right = tagsKey(b.tags);
  return left === right ? 0 : left < right ? -1 : 1;
}
