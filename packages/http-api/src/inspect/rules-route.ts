import type { Json, JsonObject, Resource } from '@mesh/core';
import type { ApiContext } from '../context.js';
import { type Answer, json } from '../http/answer.js';
import { handler, type Route } from '../http/route.js';
import { INSPECT_DOCS } from './docs.js';
import { type PolicyRules, rulesOf } from './policy-rules.js';
import { metaOf, policiesOf, printInbound, printOrigins } from './print.js';
import { hashOfMatches } from './route-conf.js';
import { gatewayOf, type Subject, subjectOf } from './subject.js';
import type { SubsetRule } from './subsets.js';

const TITLE = 'Could not retrieve rules';

/** `…/dataplanes/{name}/_rules`, and the same for a MeshGateway: what policies make of a proxy, kind by kind (contract/rest-api.md §3). */
export function rulesRoutes(context: ApiContext): Route[] {
  const produces = ['application/json'];
  const rulesOfDataplane = handler(TITLE, async (request) => {
    const subject = await subjectOf(context, request);
    return answer(context, subject, subject.dataplane);
  });
  const rulesOfGateway = handler(TITLE, async (request) => {
    const { gateway, subject } = await gatewayOf(context, request);
    return answer(context, subject, gateway);
  });
  const base = '/meshes/{mesh}';
  return [
    { template: `${base}/dataplanes/{name}/_rules`, produces, docs: { GET: INSPECT_DOCS.rules }, methods: { GET: rulesOfDataplane } },
    {
      template: `${base}/meshgateways/{name}/_rules`,
      produces,
      docs: { GET: INSPECT_DOCS.gatewayRules },
      methods: { GET: rulesOfGateway },
    },
  ];
}

function answer(context: ApiContext, subject: Subject, resource: Resource<unknown>): Answer {
  const found = rulesOf(subject, context.registry.all);
  return json({ httpMatches: httpMatchesOf(found), resource: metaOf(resource), rules: found.map(printRules) });
}

function printRules(rules: PolicyRules): JsonObject {
  const { descriptor, to, toResources, from, inbounds, proxy } = rules;
  return {
    fromRules: from.map((each) => ({ inbound: printInbound(each.inbound), rules: each.rules.map(printSubset) })),
    inboundRules: inbounds.map((each) => ({
      inbound: printInbound(each.inbound),
      rules: each.rules.map(({ conf, match, origin }) => ({ conf: [conf], ...(match ? { match } : {}), origin: printOrigins([origin]) })),
    })),
    ...(proxy ? { proxyRule: { conf: proxy.conf, origin: policiesOf(proxy.origins).map(metaOf) } } : {}),
    toResourceRules: toResources.map(({ resource, section, conf, origins }) => ({
      conf: [conf],
      origin: printOrigins(origins),
      resourceMeta: { ...metaOf(resource), ...(resource.kind === 'Mesh' ? { mesh: '' } : {}) },
      resourceSectionName: section,
    })),
    toRules: to.map(printSubset),
    type: descriptor.kind,
    warnings: [],
  };
}

function printSubset({ conf, matchers, origins }: SubsetRule): JsonObject {
  return {
    conf,
    matchers: matchers.map(({ key, not, value }) => ({ key, not, value })),
    origin: policiesOf(origins).map(metaOf),
  };
}

/** The matches that routes and policies for routes refer to by hash. */
function httpMatchesOf(rules: readonly PolicyRules[]): JsonObject[] {
  const routes = rules.filter(({ descriptor }) => descriptor.kind === 'MeshHTTPRoute');
  const confs = routes.flatMap(({ to, toResources }) => [...to, ...toResources].map(({ conf }) => conf));
  const matches = confs.flatMap(({ rules: list }) => (Array.isArray(list) ? list : [])).map((rule) => (rule as JsonObject).matches ?? []);
  const byHash = new Map<string, Json>(matches.map((match) => [hashOfMatches(match), match]));
  return [...byHash].map(([hash, match]) => ({ hash, match }));
}
