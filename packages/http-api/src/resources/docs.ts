import type { AnyDescriptor } from '@mesh/core';
import type { Route } from '../http/route.js';
import { kindRef, overviewRef } from '../openapi/kind-schemas.js';
import {
  listSchema,
  NAME_PARAMETER,
  type OperationDoc,
  ok,
  PAGE_PARAMETERS,
  type QueryParameter,
  type ResponseDoc,
  STRING,
  schemaRef,
} from '../openapi/operation.js';

type Docs = NonNullable<Route['docs']>;

const LABEL_FILTER: QueryParameter = {
  name: 'filter',
  description: 'Only items with these labels: `filter[labels.KEY]=VALUE`.',
  schema: STRING,
  map: true,
};
const TAG: QueryParameter = {
  name: 'tag',
  description: 'Only items with the tag: `key:value`; the value is a substring, `*` is any.',
  schema: STRING,
  repeatable: true,
};
const GATEWAY: QueryParameter = {
  name: 'gateway',
  description: 'Only gateways, or only others.',
  schema: { enum: ['true', 'false', 'builtin', 'delegated'] },
};
const FORMAT: readonly QueryParameter[] = [
  { name: 'format', description: 'How the item is written.', schema: { enum: ['universal', 'k8s', 'kubernetes'] } },
  { name: 'namespace', description: 'Namespace of the Kubernetes form.', schema: STRING },
];

/** Parameters that only lists of some kinds have. */
const OF_KIND: Readonly<Record<string, readonly QueryParameter[]>> = { Dataplane: [GATEWAY, TAG], ExternalService: [TAG] };
const REVISION = { 'Kuma-Revision': 'Revision of the state after the write.' };
const ETAG = { ETag: 'Version of the item, for `If-Match`.' };

/** What the OpenAPI document says of the routes of one kind. */
export class KindDocs {
  constructor(private readonly descriptor: AnyDescriptor) {}

  /** Item: `GET`, and `PUT` and `DELETE` where some control plane takes them. */
  item(template: string): Docs {
    const { kind, write, displayName } = this.descriptor;
    const schema = kindRef(this.descriptor);
    const get = this.doc('get', template, {
      summary: `Read a ${displayName.singular}`,
      query: FORMAT,
      responses: {
        200: { description: 'The item; of another shape in the Kubernetes form.', schema: { anyOf: [schema, KUBERNETES] }, headers: ETAG },
      },
    });
    if (write.never) return { GET: get };
    const written = (description: string): ResponseDoc => ({
      description,
      schema: schemaRef('Written'),
      headers: { ...REVISION, ...ETAG },
    });
    const put = this.doc('put', template, {
      summary: `Create or replace a ${displayName.singular}`,
      body: schema,
      responses: { 200: written(`The ${kind} was replaced.`), 201: written(`The ${kind} was created.`) },
    });
    const remove = this.doc('delete', template, {
      summary: `Delete a ${displayName.singular}`,
      responses: { 200: { ...written(`The ${kind} is gone.`), headers: REVISION } },
    });
    return { GET: get, PUT: put, DELETE: remove };
  }

  /** List, in a mesh or across meshes. */
  list(template: string): Docs {
    const { displayName } = this.descriptor;
    return { GET: this.listDoc('list', template, { summary: `List ${displayName.plural}`, schema: kindRef(this.descriptor) }) };
  }

  overview(template: string): Docs {
    const schema = overviewRef(this.descriptor);
    const summary = `Read a ${this.descriptor.displayName.singular} with its insight`;
    return { GET: this.doc('getOverview', template, { summary, responses: ok('The item and its insight.', schema) }) };
  }

  overviews(template: string): Docs {
    const summary = `List ${this.descriptor.displayName.plural} with their insights`;
    return { GET: this.listDoc('listOverviews', template, { summary, schema: overviewRef(this.descriptor) }) };
  }

  private listDoc(verb: string, template: string, { summary, schema }: { summary: string; schema: OperationDoc['body'] }): OperationDoc {
    const query = [...PAGE_PARAMETERS, NAME_PARAMETER, LABEL_FILTER, ...(OF_KIND[this.descriptor.kind] ?? [])];
    return this.doc(verb, template, { summary, query, responses: ok('A page of the list.', listSchema(schema ?? {})) });
  }

  /** `listDataplane`, `listDataplaneInAllMeshes`; other spellings of a path carry it in their name and are deprecated. */
  private doc(verb: string, template: string, rest: Omit<OperationDoc, 'id' | 'deprecated'>): OperationDoc {
    const { kind, path = '', scope } = this.descriptor;
    const across = scope === 'Mesh' && !template.startsWith('/meshes/{mesh}/') ? 'InAllMeshes' : '';
    const segment = template.replace('/meshes/{mesh}/', '/').split('/')[1] ?? '';
    const alias = segment !== path;
    const [, lead = verb, tail = ''] = /^([a-z]+)(.*)$/.exec(verb) ?? [];
    const id = `${lead}${kind}${tail}${across}${alias ? `At${camel(segment)}` : ''}`;
    return { id, ...rest, ...(alias ? { deprecated: true } : {}) };
  }
}

/** An item as Kubernetes has it. */
const KUBERNETES = {
  type: 'object',
  properties: { apiVersion: { enum: ['kuma.io/v1alpha1', 'v1'] }, kind: STRING, mesh: STRING, metadata: { type: 'object' } },
  required: ['apiVersion', 'kind', 'metadata'],
} as const;

function camel(segment: string): string {
  return segment.replace(/(?:^|[^a-z0-9])([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
