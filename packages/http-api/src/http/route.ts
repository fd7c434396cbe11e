import type { AuditRequest } from '@mesh/core';
import type { Identity } from '../access/identity.js';
import type { OperationDoc } from '../openapi/operation.js';
import type { Answer } from './answer.js';

/** One request, as handlers see it. */
export interface ApiRequest {
  readonly method: string;
  /** Template of the route in Kuma's spelling: `/meshes/{mesh}/dataplanes`. */
  readonly template: string;
  /** Path as sent, without the query. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
  readonly identity: Identity;
  /** Whose request it is, for the record of what it writes. */
  readonly audit: () => AuditRequest;
  /** Aborts when the client hangs up before it has its answer. */
  readonly signal: AbortSignal;
  /** `If-Match` and `If-None-Match`. */
  readonly preconditions: { readonly ifMatch?: string; readonly ifNoneMatch?: string };
  /** `http://host:port`, as the client spelled it. */
  readonly baseUrl: string;
}

/** Answers a request; what it throws becomes an error under `title`. */
export interface Handler {
  /** What is being done, in the words of contract/rest-api.md §2.4. */
  readonly title: string;
  handle(request: ApiRequest): Answer | Promise<Answer>;
}

export type RouteMethod = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** All that is served at one path. */
export interface Route {
  /** Starts with a slash; parameters as `{name}`, a last segment `{rest:*}` takes the rest. */
  readonly template: string;
  /** Media types it answers with, for `Accept`; undefined: whatever the client takes. */
  readonly produces?: readonly string[];
  readonly methods: Readonly<Partial<Record<RouteMethod, Handler>>>;
  /** What the OpenAPI document says of the methods; a route without is not in it. */
  readonly docs?: Readonly<Partial<Record<RouteMethod, OperationDoc>>>;
  /** Not below `apiServer.basePath`. */
  readonly absolute?: boolean;
}

/** Routes that belong together: one controller each. */
export interface RouteGroup {
  readonly name: string;
  readonly routes: readonly Route[];
}

/** Makes a handler. */
export function handler(title: string, handle: Handler['handle']): Handler {
  return { title, handle };
}

/** A parameter of the path; routes only ask for those their template has. */
export function param(request: ApiRequest, name: string): string {
  return request.params[name] ?? '';
}

/** `/meshes/{mesh}` as the router spells it: `/meshes/:mesh`; `{rest:*}` is its wildcard. */
export function toRouterPath(template: string): string {
  return template.replace(/\{\w+:\*\}/g, '*').replace(/\{(\w+)\}/g, ':$1');
}

/** The template of a path as the router spells it; what a wildcard was called is not known there, and it stays `*`. */
export function fromRouterPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}
