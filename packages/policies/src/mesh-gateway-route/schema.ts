import { bool, doubleValue, enumOf, map, message, protoSchema, repeated, type Tags, text, textValue, uint32 } from '@mesh/resources';
import { type Selector, selectorsField } from '../sdk/selectors.js';

export interface GatewayBackend {
  readonly weight?: number;
  /** Tags of the instances. */
  readonly destination?: Tags;
}

interface PathMatch {
  readonly match?: 'EXACT' | 'PREFIX' | 'REGEX';
  readonly value?: string;
}

export interface GatewayHeaderMatch {
  readonly match?: 'EXACT' | 'REGEX' | 'ABSENT' | 'PRESENT';
  readonly name?: string;
  readonly value?: string;
}

export interface GatewayQueryMatch {
  readonly match?: 'EXACT' | 'REGEX';
  readonly name?: string;
  readonly value?: string;
}

export interface GatewayMatch {
  readonly path?: PathMatch;
  readonly method?: string;
  readonly headers?: readonly GatewayHeaderMatch[];
  readonly queryParameters?: readonly GatewayQueryMatch[];
}

interface NameValue {
  readonly name?: string;
  readonly value?: string;
}

export interface GatewayHeaderFilter {
  readonly set?: readonly NameValue[];
  readonly add?: readonly NameValue[];
  readonly remove?: readonly string[];
}

interface Rewrite {
  readonly replaceFull?: string;
  readonly replacePrefixMatch?: string;
  readonly hostToBackendHostname?: boolean;
}

export interface GatewayRedirect {
  readonly scheme?: string;
  readonly hostname?: string;
  readonly port?: number;
  readonly statusCode?: number;
  readonly path?: Rewrite;
}

/** One of the fields. */
export interface GatewayFilter {
  readonly requestHeader?: GatewayHeaderFilter;
  readonly mirror?: { readonly backend?: GatewayBackend; readonly percentage?: number };
  readonly redirect?: GatewayRedirect;
  readonly rewrite?: Rewrite;
  readonly responseHeader?: GatewayHeaderFilter;
}

export interface GatewayRule {
  readonly matches?: readonly GatewayMatch[];
  readonly filters?: readonly GatewayFilter[];
  readonly backends?: readonly GatewayBackend[];
}

interface Http {
  readonly hostnames?: readonly string[];
  readonly rules?: readonly GatewayRule[];
}

interface Conf {
  readonly tcp?: { readonly rules?: readonly { readonly backends?: readonly GatewayBackend[] }[] };
  readonly http?: Http;
}

/** Where the traffic of the gateway listeners that the selectors choose goes. */
export interface MeshGatewayRouteSpec {
  readonly selectors?: readonly Selector[];
  /** `tcp` or `http`. */
  readonly conf?: Conf;
}

const backend = message<GatewayBackend>({ weight: uint32, destination: map(text) });
const nameValue = message<NameValue>({ name: text, value: text });
const headerFilter = message<GatewayHeaderFilter>({ set: repeated(nameValue), add: repeated(nameValue), remove: repeated(text) });
const rewrite = message<Rewrite>({ replaceFull: textValue, replacePrefixMatch: textValue, hostToBackendHostname: bool });
const method = enumOf('HttpMethod', ['NONE', 'CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

const match = message<GatewayMatch>({
  path: message<PathMatch>({ match: enumOf('MatchType', ['EXACT', 'PREFIX', 'REGEX']), value: text }),
  method,
  headers: repeated(
    message<GatewayHeaderMatch>({ match: enumOf('MatchType', ['EXACT', 'REGEX', 'ABSENT', 'PRESENT']), name: text, value: text }),
  ),
  queryParameters: repeated(message<GatewayQueryMatch>({ match: enumOf('MatchType', ['EXACT', 'REGEX']), name: text, value: text })),
});

const filter = message<GatewayFilter>({
  requestHeader: headerFilter,
  mirror: message<NonNullable<GatewayFilter['mirror']>>({ backend, percentage: doubleValue }),
  redirect: message<GatewayRedirect>({ scheme: text, hostname: text, port: uint32, statusCode: uint32, path: rewrite }),
  rewrite,
  responseHeader: headerFilter,
});

/** Shape of a MeshGatewayRoute: `kuma.mesh.v1alpha1.MeshGatewayRoute` as protobuf JSON. */
export const meshGatewayRouteSchema = protoSchema<MeshGatewayRouteSpec>(
  message<MeshGatewayRouteSpec>({
    selectors: selectorsField,
    conf: message<Conf>({
      tcp: message<NonNullable<Conf['tcp']>>({
        rules: repeated(message<{ backends?: readonly GatewayBackend[] }>({ backends: repeated(backend) })),
      }),
      http: message<Http>({
        hostnames: repeated(text),
        rules: repeated(message<GatewayRule>({ matches: repeated(match), filters: repeated(filter), backends: repeated(backend) })),
      }),
    }),
  }),
);
