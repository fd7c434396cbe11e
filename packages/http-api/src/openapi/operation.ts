/** A JSON Schema (2020-12), or a reference to one of the components. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One query parameter. Every one is optional. */
export interface QueryParameter {
  readonly name: string;
  readonly description: string;
  readonly schema: JsonSchema;
  /** May be given several times. */
  readonly repeatable?: boolean;
  /** `filter[labels.KEY]=VALUE`: the name is the first part, the keys are the user's. */
  readonly map?: boolean;
}

/** What one status code answers with. */
export interface ResponseDoc {
  readonly description: string;
  /** `application/json` unless said. */
  readonly contentType?: string;
  /** Absent: nothing is said of the body. */
  readonly schema?: JsonSchema;
  /** Names of headers, with what they say. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the OpenAPI document says of one method of a route; parameters of the path are read from the template. */
export interface OperationDoc {
  /** Unique; what generated clients call it. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: readonly QueryParameter[];
  /** Shape of the JSON body. */
  readonly body?: JsonSchema;
  /** Answers by status: those of success. Those of failure are the same everywhere, unless given here. */
  readonly responses: Readonly<Record<number, ResponseDoc>>;
  /** Another spelling of a path: served for old clients. */
  readonly deprecated?: boolean;
}

/** A reference to a component schema. */
export function schemaRef(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** A closed object whose `required` fields are always there. */
export function objectSchema(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[] = []): JsonSchema {
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}), additionalProperties: false };
}

/** An open map. */
export function mapSchema(values: JsonSchema): JsonSchema {
  return { type: 'object', additionalProperties: values };
}

/** A list. */
export function arraySchema(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

export const STRING: JsonSchema = { type: 'string' };
export const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
export const BOOLEAN: JsonSchema = { type: 'boolean' };
/** JSON of any shape. */
export const ANYTHING: JsonSchema = {};

/** A page of a list: `total`, `items` and the address of the next page. */
export function listSchema(items: JsonSchema): JsonSchema {
  const next = { type: ['string', 'null'], description: 'Address of the next page; null on the last one.' };
  return objectSchema({ total: { ...COUNT, description: 'Number of items on all pages.' }, items: arraySchema(items), next }, [
    'total',
    'items',
    'next',
  ]);
}

/** `200` with a JSON body. */
export function ok(description: string, schema: JsonSchema): Readonly<Record<number, ResponseDoc>> {
  return { 200: { description, schema } };
}

/** Parameters of every list. */
export const PAGE_PARAMETERS: readonly QueryParameter[] = [
  { name: 'size', description: 'Items per page; 100 unless said.', schema: { type: 'integer', minimum: 1, maximum: 1000 } },
  { name: 'offset', description: 'Number of items before the page.', schema: { type: 'integer', minimum: 0 } },
];

/** `name`: a substring. */
export const NAME_PARAMETER: QueryParameter = { name: 'name', description: 'Only items whose name contains it.', schema: STRING };
