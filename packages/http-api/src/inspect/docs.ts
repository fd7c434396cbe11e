import type { AnyDescriptor } from '@mesh/core';
import {
  ANYTHING,
  arraySchema,
  COUNT,
  type JsonSchema,
  mapSchema,
  NAME_PARAMETER,
  type OperationDoc,
  objectSchema,
  ok,
  PAGE_PARAMETERS,
  STRING,
  schemaRef,
} from '../openapi/operation.js';

function closed(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return objectSchema(properties, Object.keys(properties));
}

const META = schemaRef('Meta');
const CONF: JsonSchema = { type: 'object', description: 'As in the policy.' };
const INTEGER: JsonSchema = { type: 'integer' };
const PATCH_OPERATION = objectSchema({ op: { enum: ['test', 'remove', 'add', 'replace'] }, path: STRING, value: ANYTHING }, ['op', 'path']);
const ORIGINS = arraySchema(objectSchema({ resourceMeta: META, ruleIndex: INTEGER }, ['resourceMeta']));
const SUBSET = closed({
  conf: CONF,
  matchers: arraySchema(closed({ key: STRING, not: { type: 'boolean' }, value: STRING })),
  origin: arraySchema(META),
});
const INBOUND = objectSchema({ name: STRING, port: INTEGER, tags: mapSchema(STRING) }, ['port', 'tags']);
const RULE = objectSchema({ conf: arraySchema(CONF), match: { type: 'object' }, origin: ORIGINS }, ['conf', 'origin']);
const RULES = objectSchema(
  {
    fromRules: arraySchema(closed({ inbound: INBOUND, rules: arraySchema(SUBSET) })),
    inboundRules: arraySchema(closed({ inbound: INBOUND, rules: arraySchema(RULE) })),
    proxyRule: closed({ conf: CONF, origin: arraySchema(META) }),
    toResourceRules: arraySchema(closed({ conf: arraySchema(CONF), origin: ORIGINS, resourceMeta: META, resourceSectionName: STRING })),
    toRules: arraySchema(SUBSET),
    type: STRING,
    warnings: arraySchema(STRING),
  },
  ['type', 'fromRules', 'inboundRules', 'toResourceRules', 'toRules', 'warnings'],
);
const RULES_ANSWER = ok(
  'The rules.',
  closed({ httpMatches: arraySchema(closed({ hash: STRING, match: ANYTHING })), resource: META, rules: arraySchema(RULES) }),
);
const KRIS = arraySchema(closed({ kri: STRING }));
const PORTS = arraySchema(closed({ kri: STRING, port: INTEGER, protocol: STRING, proxyResourceName: STRING }));
const LISTENERS = arraySchema(closed({ kri: STRING, type: STRING, port: INTEGER, proxyResourceName: STRING }));
const PLACE = { type: { enum: ['dataplane', 'inbound', 'outbound', 'service'] }, name: STRING, service: STRING };

function policies(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return closed({ policies: arraySchema(closed({ kind: STRING, origins: KRIS, ...properties })) });
}

/** What the OpenAPI document says of inspections (contract/rest-api.md §3). */
export const INSPECT_DOCS = {
  rules: { id: 'getRules', summary: 'Tell what policies make of a Dataplane, kind by kind', responses: RULES_ANSWER },
  gatewayRules: { id: 'getGatewayRules', summary: 'Tell what policies make of the proxies of a MeshGateway', responses: RULES_ANSWER },
  policies: {
    id: 'getMatchedPolicies',
    summary: 'List the policies of a Dataplane',
    responses: ok(
      'The policies, by the part of the proxy they work on.',
      closed({
        kind: STRING,
        total: COUNT,
        items: arraySchema(
          objectSchema({ ...PLACE, matchedPolicies: mapSchema(arraySchema({ type: 'object' })) }, ['type', 'matchedPolicies']),
        ),
      }),
    ),
    deprecated: true,
  },
  oldRules: {
    id: 'getRulesFlat',
    summary: 'List the rules of a Dataplane by subsets of callers and destinations',
    responses: ok('The rules.', closed({ total: COUNT, items: arraySchema({ type: 'object' }) })),
    deprecated: true,
  },
  layout: {
    id: 'getLayout',
    summary: 'Show the ports of a Dataplane and what it reaches',
    responses: ok(
      'Inbounds, listeners and outbounds.',
      objectSchema({ inbounds: PORTS, kri: STRING, labels: mapSchema(STRING), listeners: LISTENERS, outbounds: PORTS, spiffeId: STRING }, [
        'inbounds',
        'kri',
        'labels',
        'listeners',
        'outbounds',
      ]),
    ),
  },
  proxyPolicies: {
    id: 'getProxyPolicies',
    summary: 'Tell the policies for a Dataplane as a whole',
    responses: ok('The policies.', policies({ conf: CONF })),
  },
  inboundPolicies: {
    id: 'getInboundPolicies',
    summary: 'Tell the policies for an inbound of a Dataplane',
    responses: ok(
      'The policies.',
      policies({ rules: arraySchema(objectSchema({ kri: STRING, conf: CONF, match: { type: 'object' } }, ['kri', 'conf'])) }),
    ),
  },
  outboundPolicies: {
    id: 'getOutboundPolicies',
    summary: 'Tell the policies for a destination of a Dataplane',
    responses: ok('The policies.', policies({ conf: arraySchema(CONF) })),
  },
  routePolicies: {
    id: 'getRoutePolicies',
    summary: 'Tell the policies for a route to a destination of a Dataplane',
    responses: ok('The policies.', policies({ conf: arraySchema(CONF) })),
  },
  outboundRoutes: {
    id: 'getOutboundRoutes',
    summary: 'Tell the routes to a destination of a Dataplane',
    responses: ok(
      'The routes.',
      closed({
        routes: arraySchema(
          closed({ kind: STRING, origins: KRIS, rules: arraySchema(closed({ conf: CONF, kri: STRING, matches: arraySchema(ANYTHING) })) }),
        ),
      }),
    ),
  },
  config: (collection: 'dataplanes' | 'meshgateways'): OperationDoc => ({
    id: collection === 'dataplanes' ? 'getProxyConfig' : 'getGatewayConfig',
    summary: `Read the configuration the control plane gives a Dataplane${collection === 'dataplanes' ? '' : ' of a gateway'}`,
    query: [
      { name: 'shadow', description: 'With policies that have the effect `shadow`.', schema: { enum: ['true', 'false'] } },
      { name: 'include', description: '`diff`: what the shadow changes, as JSON patch.', schema: { enum: ['diff'] } },
    ],
    responses: ok(
      'Resources by type and name.',
      objectSchema({ xds: mapSchema(mapSchema({ type: 'object' })), diff: arraySchema(PATCH_OPERATION) }, ['xds']),
    ),
  }),
  dataplanesOf: ({ kind, displayName }: AnyDescriptor, tail: string): OperationDoc => ({
    id: `list${kind}Dataplanes${tail === '_resources/dataplanes' ? '' : `At${tail.replace(/[^a-z]+/g, '')}`}`,
    summary: `List the Dataplanes a ${displayName.singular} is for`,
    query: [...PAGE_PARAMETERS, NAME_PARAMETER],
    responses: ok('A page of the list.', objectSchema({ items: arraySchema(META), next: STRING, total: COUNT }, ['items', 'total'])),
    ...(tail === '_resources/dataplanes' ? {} : { deprecated: true }),
  }),
  attachments: ({ kind, displayName }: AnyDescriptor): OperationDoc => ({
    id: `list${kind}Attachments`,
    summary: `List the Dataplanes a ${displayName.singular} is for, and the parts of them it works on`,
    responses: ok(
      'The Dataplanes.',
      closed({
        total: COUNT,
        items: arraySchema(
          closed({
            kind: STRING,
            dataplane: closed({ mesh: STRING, name: STRING }),
            attachments: arraySchema(objectSchema(PLACE, ['type'])),
          }),
        ),
      }),
    ),
    deprecated: true,
  }),
  gatewayDataplanes: (kind: string): OperationDoc => ({
    id: `list${kind}Proxies`,
    summary: `List the builtin gateways that serve a ${kind}`,
    responses: ok(
      'The Dataplanes.',
      closed({ total: COUNT, items: arraySchema(closed({ dataplane: closed({ mesh: STRING, name: STRING }) })) }),
    ),
  }),
  hostnames: ({ kind, displayName }: AnyDescriptor): OperationDoc => ({
    id: `list${kind}Hostnames`,
    summary: `List the host names of a ${displayName.singular}`,
    responses: ok(
      'The names, and the zones where they are known.',
      closed({ items: arraySchema(closed({ hostname: STRING, zones: arraySchema(closed({ name: STRING })) })), total: COUNT }),
    ),
  }),
} as const;
