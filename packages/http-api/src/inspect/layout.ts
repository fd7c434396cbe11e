import { type AnyDescriptor, type JsonObject, kriOf, MeshError, parseKri, type Resource } from '@mesh/core';
import type { ApiContext } from '../context.js';
import { type Answer, json } from '../http/answer.js';
import { ApiError, notFound } from '../http/errors.js';
import { type ApiRequest, handler, param, type Route } from '../http/route.js';
import { INSPECT_DOCS } from './docs.js';
import { type PolicyRules, rulesOf } from './policy-rules.js';
import { krisOf, policiesOf } from './print.js';
import type { ResourceRule } from './resource-rules.js';
import { isExclusive, type Subject, subjectOf } from './subject.js';

const TITLE = 'Could not retrieve policies';
const BASE = '/meshes/{mesh}/dataplanes/{name}';
const ROUTE_KINDS: ReadonlySet<string> = new Set(['MeshHTTPRoute', 'MeshTCPRoute']);

type Ask = (context: ApiContext, request: ApiRequest, subject: Subject) => object;

/** Inspections by resource identifier, for meshes whose services are MeshServices alone (contract/rest-api.md §3). */
export function layoutRoutes(context: ApiContext): Route[] {
  const route = (tail: string, doc: NonNullable<Route['docs']>['GET'], ask: Ask): Route => ({
    template: `${BASE}/${tail}`,
    produces: ['application/json'],
    docs: doc ? { GET: doc } : {},
    methods: { GET: handler(TITLE, (request) => answer(context, request, { ask, endpoint: tail.split('/').at(-1) ?? '' })) },
  });
  return [
    route('_layout', INSPECT_DOCS.layout, layoutOf),
    route('_policies', INSPECT_DOCS.proxyPolicies, proxyPolicies),
    route('_inbounds/{kri}/_policies', INSPECT_DOCS.inboundPolicies, inboundPolicies),
    route('_outbounds/{kri}/_policies', INSPECT_DOCS.outboundPolicies, outboundPolicies),
    route('_outbounds/{kri}/_routes', INSPECT_DOCS.outboundRoutes, outboundRoutes),
    route('_outbounds/{kri}/_routes/{route}/_policies', INSPECT_DOCS.routePolicies, routePolicies),
  ];
}

async function answer(context: ApiContext, request: ApiRequest, { ask, endpoint }: { ask: Ask; endpoint: string }): Promise<Answer> {
  const subject = await subjectOf(context, request);
  if (!isExclusive(subject.mesh))
    throw new MeshError('bad_request', { public: `bad request: can't use ${endpoint} endpoint without meshService enabled` });
  return json(ask(context, request, subject));
}

function layoutOf(context: ApiContext, _request: ApiRequest, { dataplane, proxy, mesh }: Subject): object {
  const { labels } = dataplane.meta;
  return {
    inbounds: proxy.inbounds.map(({ section, port, protocol }) => ({
      kri: kriOf('dp', dataplane, section),
      port,
      protocol,
      proxyResourceName: `self_inbound_dp_${section}`,
    })),
    kri: kriOf('dp', dataplane),
    labels: Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))),
    listeners: (dataplane.spec.networking?.listeners ?? []).map(({ type = 'Unspecified', port = 0, name }) => {
      const section = name || String(port);
      return { kri: kriOf('dp', dataplane, section), type, port, proxyResourceName: `self_listener_dp_${section}` };
    }),
    outbounds: destinationsOf(context, mesh.meta.name),
  };
}

/** Every port of every destination of the mesh. */
function destinationsOf({ registry, controlPlane }: ApiContext, mesh: string): JsonObject[] {
  const kinds = registry.all.filter(({ destinationPorts }) => destinationPorts !== undefined);
  const found = kinds.flatMap((descriptor) =>
    controlPlane.view.listSorted<JsonObject>(descriptor.kind, mesh).flatMap((resource) =>
      (descriptor.destinationPorts?.(resource.spec) ?? []).map(({ port, section }) => {
        const kri = kriOf(descriptor.shortName ?? '', resource, section);
        return { kri, port, protocol: protocolOf(resource, port), proxyResourceName: kri };
      }),
    ),
  );
  return found.sort((a, b) => (a.kri < b.kri ? -1 : 1));
}

function protocolOf({ spec }: Resource, port: number): string {
  const { ports, match } = spec as {
    readonly ports?: readonly { readonly port: number; readonly appProtocol?: string }[];
    readonly match?: { readonly protocol?: string };
  };
  return ports?.find((each) => each.port === port)?.appProtocol ?? match?.protocol ?? 'tcp';
}

function proxyPolicies(context: ApiContext, _request: ApiRequest, subject: Subject): object {
  const policies = rulesOf(subject, context.registry.all).flatMap(({ descriptor, proxy }) =>
    proxy ? [{ conf: proxy.conf, kind: descriptor.kind, origins: krisOf(context, policiesOf(proxy.origins)) }] : [],
  );
  return { policies };
}

function inboundPolicies(context: ApiContext, request: ApiRequest, subject: Subject): object {
  const { section } = requireKri(param(request, 'kri'));
  if (!subject.proxy.inbounds.some((inbound) => inbound.section === section)) throw notFound(TITLE);
  const policies = rulesOf(subject, context.registry.all).flatMap(({ descriptor, inbounds }) => {
    const rules = inbounds.find(({ inbound }) => inbound.section === section)?.rules ?? [];
    if (rules.length === 0) return [];
    return [
      {
        kind: descriptor.kind,
        origins: krisOf(context, policiesOf(rules.map(({ origin }) => origin))),
        rules: rules.map(({ conf, match, origin }) => ({ conf, ...krisOf(context, [origin.policy])[0], ...(match ? { match } : {}) })),
      },
    ];
  });
  return { policies };
}

function outboundPolicies(context: ApiContext, request: ApiRequest, subject: Subject): object {
  const kri = requireKri(param(request, 'kri'));
  const policies = rulesOf(subject, context.registry.all).flatMap(({ descriptor, toResources }) => {
    const rule = ROUTE_KINDS.has(descriptor.kind) ? undefined : ruleFor(context, toResources, kri);
    return rule ? [{ conf: [rule.conf], kind: descriptor.kind, origins: krisOf(context, policiesOf(rule.origins)) }] : [];
  });
  return { policies };
}

function outboundRoutes(context: ApiContext, request: ApiRequest, subject: Subject): object {
  const kri = requireKri(param(request, 'kri'));
  const routes = routesOf(context, subject).flatMap(({ descriptor, toResources }) => {
    const rule = ruleFor(context, toResources, kri);
    return rule ? [printRoute(context, descriptor, rule)] : [];
  });
  return { routes };
}

function routesOf(context: ApiContext, subject: Subject): PolicyRules[] {
  return rulesOf(
    subject,
    context.registry.all.filter(({ kind }) => ROUTE_KINDS.has(kind)),
  );
}

function printRoute(context: ApiContext, descriptor: AnyDescriptor, { conf, origins }: ResourceRule): object {
  const policies = policiesOf(origins);
  const kri = krisOf(context, policies.slice(-1))[0]?.kri ?? '';
  const rules = Array.isArray(conf.rules) ? (conf.rules as JsonObject[]) : [];
  return {
    kind: descriptor.kind,
    origins: krisOf(context, policies),
    rules: rules.map(({ matches, default: action }) => ({ conf: action ?? {}, kri, matches: matches ?? [] })),
  };
}

function routePolicies(context: ApiContext, request: ApiRequest, subject: Subject): object {
  requireKri(param(request, 'kri'));
  const route = requireKri(param(request, 'route'));
  const { view } = context.controlPlane;
  const found = view.listSorted('MeshHTTPRoute', subject.mesh.meta.name).find((each) => sameResource(kriOf('mhttpr', each), route));
  if (!found) throw notFound(TITLE);
  const policies = rulesOf(subject, context.registry.all).flatMap(({ descriptor, toRoutes }) => {
    const rule = toRoutes.find(({ resource }) => resource.meta.name === found.meta.name);
    return rule ? [{ conf: [rule.conf], kind: descriptor.kind, origins: krisOf(context, policiesOf(rule.origins)) }] : [];
  });
  return { policies };
}

type Kri = NonNullable<ReturnType<typeof parseKri>>;

function requireKri(text: string): Kri {
  const kri = parseKri(text);
  if (kri) return kri;
  throw new ApiError({
    status: 400,
    title: 'Bad Request',
    detail: `bad request: invalid identifier string: ${JSON.stringify(text.slice(0, 300))}`,
  });
}

/** The rule for a destination: its own, for its port where there is one, else that for all of the mesh. */
function ruleFor(context: ApiContext, rules: readonly ResourceRule[], kri: Kri): ResourceRule | undefined {
  const own = rules.filter(({ resource }) => {
    const { shortName } = context.registry.mustGet(resource.kind);
    return shortName !== undefined && sameResource(kriOf(shortName, resource), kri);
  });
  return (
    own.find(({ section }) => section !== '' && section === kri.section) ??
    own.find(({ section }) => section === '') ??
    rules.find(({ resource }) => resource.kind === 'Mesh')
  );
}

function sameResource(text: string, kri: Kri): boolean {
  const other = parseKri(text);
  const parts = ['shortName', 'mesh', 'zone', 'namespace', 'name'] as const;
  return other !== undefined && parts.every((part) => other[part] === kri[part]);
}
