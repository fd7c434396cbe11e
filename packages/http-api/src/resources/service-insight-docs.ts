import {
  listSchema,
  NAME_PARAMETER,
  type OperationDoc,
  ok,
  PAGE_PARAMETERS,
  type QueryParameter,
  STRING,
  schemaRef,
} from '../openapi/operation.js';

const TYPE: QueryParameter = {
  name: 'type',
  description: 'Only services of these types, with commas between: internal, external, gateway_builtin, gateway_delegated.',
  schema: STRING,
};
const INSIGHT = schemaRef('ServiceInsight');

function list(id: string, where: string): OperationDoc {
  return {
    id,
    summary: `List the services of ${where} with the state of their dataplanes`,
    query: [...PAGE_PARAMETERS, NAME_PARAMETER, TYPE],
    responses: ok('A page of the list.', listSchema(INSIGHT)),
  };
}

/** What the OpenAPI document says of insights of services. */
export const SERVICE_INSIGHT_DOCS = {
  list: list('listServiceInsight', 'a mesh'),
  listInAllMeshes: list('listServiceInsightInAllMeshes', 'all meshes'),
  item: {
    id: 'getServiceInsight',
    summary: 'Read the state of a service; one nobody offers has no dataplanes',
    responses: ok('The service.', INSIGHT),
  },
} as const satisfies Readonly<Record<string, OperationDoc>>;
