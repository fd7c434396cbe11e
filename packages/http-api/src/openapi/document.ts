import { type DescriptorRegistry, VERSION } from '@mesh/core';
import type { Route, RouteGroup, RouteMethod } from '../http/route.js';
import { COMMON_SCHEMAS, errorResponses } from './common.js';
import { kindSchemas } from './kind-schemas.js';
import type { JsonSchema, OperationDoc, QueryParameter, ResponseDoc } from './operation.js';

/** An OpenAPI document, as far as others look into it. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [part: string]: unknown;
}

const METHODS: readonly RouteMethod[] = ['GET', 'PUT', 'POST', 'DELETE'];
const NAME_PATTERN = '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$';

/**
 * The OpenAPI 3.1 document of what is served. Kinds are described by their descriptors, other
 * routes by themselves; pages for browsers are left out.
 */
export function openApiDocument(groups: readonly RouteGroup[], registry: DescriptorRegistry): OpenApiDocument {
  const paths: Record<string, Record<string, unknown>> = {};
  const tags: { name: string }[] = [];
  for (const { name, routes } of groups) {
    const shown = routes.filter((route) => route.docs !== undefined);
    if (shown.length > 0) tags.push({ name });
    for (const route of shown) paths[route.template] = pathItem(route, name);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Kuma-compatible service mesh control plane',
      version: VERSION,
      description: 'Generated from the descriptors of the resource kinds.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{}, { token: [] }],
    tags,
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A user token: `kumactl generate user-token`.' },
      },
      schemas: { ...kindSchemas(registry), ...COMMON_SCHEMAS },
      responses: errorResponses(),
    },
  };
}

function pathItem(route: Route, tag: string): Record<string, unknown> {
  const item: Record<string, unknown> = {};
  for (const method of METHODS) {
    const doc = route.docs?.[method];
    if (doc && route.methods[method]) item[method.toLowerCase()] = operation(doc, { route, method, tag });
  }
  return item;
}

function operation(doc: OperationDoc, { route, method, tag }: { route: Route; method: RouteMethod; tag: string }): object {
  const parameters = [...pathParameters(route.template, method), ...(doc.query ?? []).map(queryParameter)];
  return {
    operationId: doc.id,
    tags: [tag],
    summary: doc.summary,
    ...(doc.description ? { description: doc.description } : {}),
    ...(doc.deprecated ? { deprecated: true } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(doc.body ? { requestBody: { required: true, content: { 'application/json': { schema: doc.body } } } } : {}),
    responses: { ...failures(), ...Object.fromEntries(Object.entries(doc.responses).map(([status, each]) => [status, response(each)])) },
  };
}

function pathParameters(template: string, method: RouteMethod): object[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'mesh' || (name === 'name' && method === 'PUT') ? nameSchema(name) : { type: 'string', minLength: 1 },
  }));
}

function nameSchema(name: string): JsonSchema {
  return { type: 'string', minLength: 1, maxLength: 253, pattern: NAME_PATTERN, ...(name === 'mesh' ? { examples: ['default'] } : {}) };
}

function queryParameter({ name, description, schema, repeatable, map }: QueryParameter): object {
  const common = { name, in: 'query', description };
  if (map) return { ...common, style: 'deepObject', explode: true, schema: { type: 'object', additionalProperties: schema } };
  return { ...common, schema: repeatable ? { type: 'array', items: schema } : schema };
}

function response({ description, contentType = 'application/json', schema, headers = {} }: ResponseDoc): object {
  const shown = Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]);
  return {
    description,
    ...(shown.length > 0 ? { headers: Object.fromEntries(shown) } : {}),
    ...(schema ? { content: { [contentType]: { schema } } } : {}),
  };
}

/** Every operation may fail in the same ways. */
function failures(): Record<string, object> {
  return Object.fromEntries(
    Object.keys(errorResponses()).map((name) => [name.replace('Status', ''), { $ref: `#/components/responses/${name}` }]),
  );
}
