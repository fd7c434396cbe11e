import { arraySchema, COUNT, type JsonSchema, type OperationDoc, objectSchema, ok, STRING } from '../openapi/operation.js';

const STATE: JsonSchema = {
  enum: ['converged', 'pending', 'refused', 'missing', 'unknown'],
  description:
    'converged: everybody has it. pending: some are at it. refused: some will not take it. missing: a zone is away. unknown: nobody can tell.',
};

const PROXIES = objectSchema(
  {
    connected: { ...COUNT, description: 'Connected proxies.' },
    converged: { ...COUNT, description: 'Connected proxies that have the revision.' },
    unknown: { ...COUNT, description: 'Proxies connected to a server that does not report.' },
    offline: { ...COUNT, description: 'Known proxies that are not connected; they get the newest state when they come.' },
    lagging: {
      ...arraySchema(
        objectSchema({ kind: STRING, mesh: STRING, name: STRING, state: { enum: ['pending', 'refused', 'failed'] }, reason: STRING }, [
          'kind',
          'mesh',
          'name',
          'state',
        ]),
      ),
      description: 'Connected proxies that do not have it, refusals first; not more than a hundred.',
    },
    instances: { ...arraySchema(STRING), description: 'Servers whose proxies are counted.' },
  },
  ['connected', 'converged', 'unknown', 'offline', 'lagging', 'instances'],
);

const ZONE = objectSchema(
  {
    zone: STRING,
    state: STATE,
    stored: { type: 'boolean', description: 'Whether the zone control plane has stored it.' },
    reason: STRING,
    refusals: arraySchema(objectSchema({ kind: STRING, message: STRING }, ['kind', 'message'])),
    proxies: PROXIES,
  },
  ['zone', 'state'],
);

const CONVERGENCE = objectSchema(
  {
    revision: COUNT,
    current: { ...COUNT, description: 'The newest revision.' },
    state: STATE,
    zones: { ...arraySchema(ZONE), description: 'On a global control plane.' },
    proxies: { ...PROXIES, description: 'On a zone control plane.' },
  },
  ['revision', 'current', 'state'],
);

/** What the OpenAPI document says of `GET /convergence`. */
export const CONVERGENCE_DOC: OperationDoc = {
  id: 'getConvergence',
  summary: 'Tell which zones and which proxies have a revision',
  description: 'Every write answers with its revision in the header `Kuma-Revision`.',
  query: [
    { name: 'revision', description: 'Everything up to this one.', schema: { type: 'integer', minimum: 0 } },
    {
      name: 'timeout',
      description: 'Answer once there is nothing to wait for, at the latest after this long: "10s". Up to 20 s.',
      schema: STRING,
    },
  ],
  responses: ok('How far it has come.', CONVERGENCE),
};
