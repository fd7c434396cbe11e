import { type Answer, routerText } from './answer.js';
import type { Route, RouteMethod } from './route.js';

/** Facts of a request that decide whether a route takes it at all. */
export interface Offer {
  readonly method: string;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
}

const JSON_TYPE = 'application/json';

/** Methods of a route, as `Allow` lists them. */
export function allowedMethods(route: Route): string {
  const order: readonly RouteMethod[] = ['PUT', 'DELETE', 'GET', 'POST'];
  return order.filter((method) => route.methods[method]).join(', ');
}

/** The refusal of the router where method, content type or `Accept` do not fit; undefined where all do (contract/rest-api.md §1). */
export function negotiate(route: Route, offer: Offer): Answer | undefined {
  if (!isMethodOf(route, offer.method)) return routerText(405, 'Method Not Allowed', { Allow: allowedMethods(route) });
  if ((offer.method === 'PUT' || offer.method === 'POST') && mediaType(offer.contentType) !== JSON_TYPE) {
    return routerText(415, 'Unsupported Media Type');
  }
  const produces = route.produces === undefined ? undefined : route.produces;
  if (produces === undefined || accepts(offer.accept, produces)) return undefined;
  return routerText(406, `Not Acceptable\n\nAvailable representations: ${produces.join(', ')}`);
}

function isMethodOf(route: Route, method: string): method is RouteMethod {
  return Object.hasOwn(route.methods, method);
}

function accepts(accept: string | undefined, produces: readonly string[]): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return accept.split(',').some((part) => {
    const type = mediaType(part);
    return type === '*/*' || produces.includes(type);
  });
}

function mediaType(value: string | undefined): string {
  return (value ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
