import { arraySchema, COUNT, type JsonSchema, mapSchema, objectSchema, STRING, schemaRef } from './operation.js';

const FIELD_PROBLEM = objectSchema(
  {
    field: { ...STRING, description: 'Path into the document: `spec.to[0].default`.' },
    reason: STRING,
    rule: STRING,
    choices: arraySchema(STRING),
  },
  ['field', 'reason'],
);

const SERVICE_INSIGHT = objectSchema(
  {
    type: { const: 'ServiceInsight' },
    mesh: STRING,
    name: { ...STRING, description: 'The service.' },
    creationTime: STRING,
    modificationTime: STRING,
    labels: mapSchema(STRING),
    status: { enum: ['none', 'offline', 'partially_degraded', 'online', 'not_available'] },
    dataplanes: objectSchema({ total: COUNT, online: COUNT, offline: COUNT }),
    issuedBackends: mapSchema(COUNT),
    serviceType: { enum: ['external', 'gateway_delegated', 'gateway_builtin'] },
    addressPort: STRING,
    zones: arraySchema(STRING),
  },
  ['type', 'mesh', 'name', 'dataplanes'],
);

/** Schemas that are not those of a kind alone; insights of services are stored per mesh and shown per service. */
export const COMMON_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Error: objectSchema(
    {
      type: { const: '/std-errors' },
      status: { type: 'integer', minimum: 400, maximum: 599 },
      title: { ...STRING, description: 'What was tried, or the class of the failure.' },
      detail: STRING,
      instance: { ...STRING, description: 'Trace the request belongs to.' },
      invalid_parameters: { ...arraySchema(FIELD_PROBLEM), description: 'Every broken rule.' },
      details: { ...STRING, description: 'The same as `detail`, for old clients.', deprecated: true },
      causes: {
        ...arraySchema(objectSchema({ field: STRING, message: STRING }, ['field', 'message'])),
        description: 'The same as `invalid_parameters`, for old clients.',
        deprecated: true,
      },
    },
    ['type', 'status', 'title', 'detail', 'details'],
  ),
  Json: { description: 'JSON of any shape.' },
  Written: objectSchema({ warnings: { ...arraySchema(STRING), description: 'Deprecated forms, and what has no effect.' } }),
  ServiceInsight: SERVICE_INSIGHT,
  Meta: objectSchema({ type: STRING, mesh: STRING, name: STRING, labels: mapSchema(STRING), kri: STRING }, [
    'type',
    'mesh',
    'name',
    'labels',
  ]),
};

interface Failure {
  readonly status: number;
  readonly description: string;
  readonly as: 'json' | 'text' | 'both';
}

const FAILURES: readonly Failure[] = [
  { status: 400, description: 'The request cannot be read, or breaks rules: `invalid_parameters` names each field.', as: 'both' },
  { status: 401, description: 'The token is not good.', as: 'json' },
  { status: 403, description: 'The caller may not do that.', as: 'json' },
  { status: 404, description: 'There is no such item, or (text) no such path.', as: 'both' },
  { status: 405, description: 'This control plane does not take such writes, or (text) the path not that verb.', as: 'both' },
  { status: 406, description: '`Accept` admits nothing that is served here.', as: 'text' },
  { status: 408, description: 'The request did not arrive in time.', as: 'text' },
  { status: 409, description: 'Somebody else wrote at the same time, or the item is not at the version `If-Match` names.', as: 'json' },
  { status: 413, description: 'The body is too large.', as: 'json' },
  { status: 415, description: 'The body is not declared to be JSON.', as: 'text' },
  { status: 429, description: 'Too many requests: `Retry-After` says when to come again.', as: 'json' },
  { status: 431, description: 'The header of the request is too large.', as: 'text' },
  { status: 503, description: 'The control plane is away; try again.', as: 'json' },
];

/** Answers of failure, as components named `Status<code>` (contract/rest-api.md §2.4 and the router errors of §1). */
export function errorResponses(): Record<string, object> {
  const text = { 'text/plain': { schema: STRING } };
  const json = { 'application/json': { schema: schemaRef('Error') } };
  return Object.fromEntries(
    FAILURES.map(({ status, description, as }) => [
      `Status${status}`,
      { description, content: { ...(as === 'text' ? {} : json), ...(as === 'json' ? {} : text) } },
    ]),
  );
}
