import type { Resource } from '@mesh/core';
import type { Tags } from '@mesh/resources';

/**
 * What the route policies say, free of Envoy and of the policy it came from. xds turns it into
 * routes, tcp proxies and clusters.
 */
export interface Backend {
  /** `kuma.io/service` and the tags that choose a subset of it. */
  readonly tags: Tags;
  /** Share of the traffic; backends of weight 0 get none. */
  readonly weight: number;
}

export interface StringMatch {
  readonly type: 'exact' | 'prefix' | 'regex';
  readonly value: string;
}

export interface PathMatch {
  /** `prefix` is textual; `pathPrefix` ends at a slash: `/p` and `/p/…`, not `/pq`. */
  readonly type: 'exact' | 'prefix' | 'pathPrefix' | 'regex';
  readonly value: string;
}

export interface HeaderMatch {
  readonly name: string;
  readonly type: 'exact' | 'prefix' | 'regex' | 'present' | 'absent';
  readonly value: string;
}

export interface QueryMatch {
  readonly name: string;
  readonly type: 'exact' | 'regex';
  readonly value: string;
}

/** All parts that are present must hold. No path: every path. */
export interface HttpMatch {
  readonly path?: PathMatch;
  readonly method?: StringMatch;
  readonly headers?: readonly HeaderMatch[];
  readonly query?: readonly QueryMatch[];
}

export interface HeaderValue {
  readonly name: string;
  readonly value: string;
}

export interface HeaderChanges {
  readonly set: readonly HeaderValue[];
  readonly add: readonly HeaderValue[];
  readonly remove: readonly string[];
}

export type PathRewrite =
  | { readonly type: 'full'; readonly value: string }
  | { readonly type: 'prefix'; readonly value: string }
  | { readonly type: 'regex'; readonly pattern: string; readonly substitution: string };

export type HttpFilter =
  | { readonly type: 'requestHeaders'; readonly changes: HeaderChanges }
  | { readonly type: 'responseHeaders'; readonly changes: HeaderChanges }
  | {
      readonly type: 'redirect';
      readonly scheme?: string;
      readonly hostname?: string;
      readonly port?: number;
      readonly statusCode: number;
      readonly path?: PathRewrite;
    }
  | {
      readonly type: 'rewrite';
      readonly path?: PathRewrite;
      readonly hostname?: string;
      readonly hostFromPath?: { readonly pattern: string; readonly substitution: string };
    }
  | { readonly type: 'mirror'; readonly backend: Backend; readonly percentage: number };

/** One match and what happens to the requests that have it. Routes are tried in order. */
export interface HttpRoute {
  /** Empty: the Envoy route gets no name. */
  readonly name: string;
  readonly match: HttpMatch;
  readonly filters: readonly HttpFilter[];
  readonly backends: readonly Backend[];
  /** Policies the route was made from, for policies that are for routes. */
  readonly origins?: readonly Resource<unknown>[];
}

export type LoadBalancer =
  | { readonly type: 'roundRobin' | 'random' | 'maglev' }
  | { readonly type: 'leastRequest'; readonly choiceCount: number }
  | {
      readonly type: 'ringHash';
      readonly hashFunction: 'XX_HASH' | 'MURMUR_HASH_2';
      readonly minRingSize?: number;
      readonly maxRingSize?: number;
    };

/** How an outbound reaches its destinations. */
export type OutboundRoutes = (
  | { readonly type: 'http'; readonly routes: readonly HttpRoute[] }
  | { readonly type: 'tcp'; readonly backends: readonly Backend[] }
) & { readonly loadBalancer?: LoadBalancer };
