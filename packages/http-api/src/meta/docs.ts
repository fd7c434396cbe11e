import {
  ANYTHING,
  arraySchema,
  BOOLEAN,
  COUNT,
  type JsonSchema,
  mapSchema,
  type OperationDoc,
  objectSchema,
  ok,
  STRING,
} from '../openapi/operation.js';

function closed(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return objectSchema(properties, Object.keys(properties));
}

const TOTAL = closed({ total: COUNT });
const COUNTERS = closed({ offline: COUNT, online: COUNT, partiallyDegraded: COUNT, total: COUNT });
const ONLINE = closed({ online: COUNT, total: COUNT });

const INDEX = closed({ clusterId: STRING, gui: STRING, hostname: STRING, instanceId: STRING, product: STRING, version: STRING });

const KIND = objectSchema(
  {
    includeInFederation: BOOLEAN,
    name: STRING,
    path: STRING,
    pluralDisplayName: STRING,
    policy: closed({
      hasFromTargetRef: BOOLEAN,
      hasRulesTargetRef: BOOLEAN,
      hasToTargetRef: BOOLEAN,
      isFromAsRules: BOOLEAN,
      isTargetRef: BOOLEAN,
    }),
    readOnly: BOOLEAN,
    scope: { enum: ['Global', 'Mesh'] },
    shortName: STRING,
    singularDisplayName: STRING,
  },
  ['includeInFederation', 'name', 'path', 'pluralDisplayName', 'readOnly', 'scope', 'shortName', 'singularDisplayName'],
);

const POLICY = closed({
  name: STRING,
  readOnly: BOOLEAN,
  path: STRING,
  singularDisplayName: STRING,
  pluralDisplayName: STRING,
  isExperimental: BOOLEAN,
  isTargetRefBased: BOOLEAN,
  isInbound: BOOLEAN,
  isOutbound: BOOLEAN,
});

const GLOBAL_INSIGHT = closed({
  createdAt: STRING,
  dataplanes: closed({ gatewayBuiltin: COUNTERS, gatewayDelegated: COUNTERS, standard: COUNTERS }),
  meshes: TOTAL,
  policies: TOTAL,
  resources: mapSchema(TOTAL),
  services: closed({ external: TOTAL, gatewayBuiltin: COUNTERS, gatewayDelegated: COUNTERS, internal: COUNTERS }),
  zones: closed({ controlPlanes: ONLINE, zoneEgresses: ONLINE, zoneIngresses: ONLINE }),
});

/** What the OpenAPI document says of the routes that belong to no kind. */
export const META_DOCS = {
  index: { id: 'getIndex', summary: 'Tell which server this is', responses: ok('Facts of the server.', INDEX) },
  config: {
    id: 'getConfig',
    summary: 'Read the effective configuration',
    responses: ok('The configuration, secrets masked.', { type: 'object' }),
  },
  whoAmI: {
    id: 'whoAmI',
    summary: 'Tell who the caller is',
    responses: ok('Name and groups of the caller.', closed({ name: STRING, groups: arraySchema(STRING) })),
  },
  resources: {
    id: 'listKinds',
    summary: 'List the kinds of resources',
    responses: ok('All kinds with a path.', closed({ resources: arraySchema(KIND) })),
  },
  policies: {
    id: 'listPolicyKinds',
    summary: 'List the kinds of policies',
    responses: ok('All kinds of policies.', closed({ policies: arraySchema(POLICY) })),
  },
  globalInsight: {
    id: 'getGlobalInsight',
    summary: 'Count what there is in all meshes and zones',
    responses: ok('Sums over the insights.', GLOBAL_INSIGHT),
  },
  globalInsights: {
    id: 'getGlobalInsights',
    summary: 'Count resources of global scope',
    responses: ok('Numbers by kind.', closed({ type: { const: 'GlobalInsights' }, creationTime: STRING, resources: mapSchema(TOTAL) })),
    deprecated: true,
  },
  kri: {
    id: 'getByKri',
    summary: 'Read an item by its identifier',
    query: [{ name: 'format', description: 'How the item is written.', schema: { enum: ['universal', 'k8s', 'kubernetes'] } }],
    responses: ok('The item.', ANYTHING),
  },
} as const satisfies Readonly<Record<string, OperationDoc>>;
