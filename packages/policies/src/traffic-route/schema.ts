import { bool, map, message, protoSchema, repeated, type Tags, text, textValue, uint32, uint32Value, uint64 } from '@mesh/resources';
import { type Selector, selectorsField } from '../sdk/selectors.js';

/** A share of the traffic. */
export interface Split {
  readonly weight?: number;
  readonly destination?: Tags;
}

/** One of the fields. */
export interface StringMatcher {
  readonly prefix?: string;
  readonly exact?: string;
  readonly regex?: string;
}

export interface RouteMatch {
  readonly method?: StringMatcher;
  readonly path?: StringMatcher;
  readonly headers?: Readonly<Record<string, StringMatcher>>;
}

export interface RegexReplace {
  readonly pattern?: string;
  readonly substitution?: string;
}

export interface HeaderModify {
  readonly add?: readonly { readonly name?: string; readonly value?: string; readonly append?: boolean }[];
  readonly remove?: readonly { readonly name?: string }[];
}

export interface Modify {
  readonly path?: { readonly rewritePrefix?: string; readonly regex?: RegexReplace };
  readonly host?: { readonly value?: string; readonly fromPath?: RegexReplace };
  readonly requestHeaders?: HeaderModify;
  readonly responseHeaders?: HeaderModify;
}

export interface HttpRule {
  readonly match?: RouteMatch;
  readonly modify?: Modify;
  readonly split?: readonly Split[];
  readonly destination?: Tags;
}

type Empty = Readonly<Record<never, never>>;

/** One of the fields; round robin where none is. */
export interface LoadBalancerSpec {
  readonly roundRobin?: Empty;
  readonly leastRequest?: { readonly choiceCount?: number };
  readonly ringHash?: { readonly hashFunction?: string; readonly minRingSize?: string; readonly maxRingSize?: string };
  readonly random?: Empty;
  readonly maglev?: Empty;
}

/** `split` or `destination`. */
export interface RouteConf {
  readonly split?: readonly Split[];
  readonly loadBalancer?: LoadBalancerSpec;
  readonly destination?: Tags;
  readonly http?: readonly HttpRule[];
}

/** Where the traffic of some services to some others goes. */
export interface TrafficRouteSpec {
  readonly sources?: readonly Selector[];
  readonly destinations?: readonly Selector[];
  readonly conf?: RouteConf;
}

const tagsField = map(text);
const splitsField = repeated<Split>(message<Split>({ weight: uint32Value, destination: tagsField }));
const stringMatcher = message<StringMatcher>({ prefix: textValue, exact: textValue, regex: textValue });
const regexReplace = message<RegexReplace>({ pattern: text, substitution: text });
const headerModify = message<HeaderModify>({
  add: repeated(message<{ name?: string; value?: string; append?: boolean }>({ name: text, value: text, append: bool })),
  remove: repeated(message<{ name?: string }>({ name: text })),
});
const empty = message<Empty>({});

const httpField = message<HttpRule>({
  match: message<RouteMatch>({ method: stringMatcher, path: stringMatcher, headers: map(stringMatcher) }),
  modify: message<Modify>({
    path: message<NonNullable<Modify['path']>>({ rewritePrefix: textValue, regex: regexReplace }),
    host: message<NonNullable<Modify['host']>>({ value: textValue, fromPath: regexReplace }),
    requestHeaders: headerModify,
    responseHeaders: headerModify,
  }),
  split: splitsField,
  destination: tagsField,
});

/** Shape of a TrafficRoute: `kuma.mesh.v1alpha1.TrafficRoute` as protobuf JSON. */
export const trafficRouteSchema = protoSchema<TrafficRouteSpec>(
  message<TrafficRouteSpec>({
    sources: selectorsField,
    destinations: selectorsField,
    conf: message<RouteConf>({
      split: splitsField,
      loadBalancer: message<LoadBalancerSpec>({
        roundRobin: empty,
        leastRequest: message<{ choiceCount?: number }>({ choiceCount: uint32 }),
        ringHash: message<NonNullable<LoadBalancerSpec['ringHash']>>({ hashFunction: text, minRingSize: uint64, maxRingSize: uint64 }),
        random: empty,
        maglev: empty,
      }),
      destination: tagsField,
      http: repeated(httpField),
    }),
  }),
);
