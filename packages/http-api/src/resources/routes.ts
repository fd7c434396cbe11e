import type { AnyDescriptor } from '@mesh/core';
import type { ApiContext } from '../context.js';
import type { Route } from '../http/route.js';
import { KindDocs } from './docs.js';
import { KindReader } from './read.js';
import { KindWriter } from './write.js';

const PRODUCES = ['application/json'];
const MESH_PREFIX = '/meshes/{mesh}';

/**
 * The routes of one kind, all from its descriptor (contract/rest-api.md §2.2): item, list in a
 * mesh and across meshes, overviews under their present and old paths, under every spelling.
 */
export function resourceRoutes(context: ApiContext, descriptor: AnyDescriptor): Route[] {
  if (descriptor.path === undefined) return [];
  const reader = new KindReader(context, descriptor);
  const writer = new KindWriter(context, descriptor);
  const docs = new KindDocs(descriptor);
  const routes: Route[] = [];
  for (const path of [descriptor.path, ...(descriptor.pathAliases ?? [])]) {
    const item = `${prefixOf(descriptor)}/${path}/{name}`;
    const methods = { GET: reader.item, PUT: writer.put, DELETE: writer.delete };
    routes.push({ template: item, produces: PRODUCES, methods, docs: docs.item(item) });
    for (const template of listTemplates(descriptor, path)) {
      routes.push({ template, produces: PRODUCES, methods: { GET: reader.list }, docs: docs.list(template) });
    }
  }
  return [...routes, ...overviewRoutes(descriptor, reader, docs)];
}

function overviewRoutes(descriptor: AnyDescriptor, reader: KindReader, docs: KindDocs): Route[] {
  if (descriptor.insightKind === undefined || descriptor.path === undefined) return [];
  const lists: string[] = [];
  const items: string[] = [];
  for (const path of [descriptor.path, ...(descriptor.pathAliases ?? [])]) {
    lists.push(...listTemplates(descriptor, path).map((template) => `${template}/_overview`));
    items.push(`${prefixOf(descriptor)}/${path}/{name}/_overview`);
  }
  for (const alias of descriptor.overviewAliases ?? []) {
    lists.push(...listTemplates(descriptor, alias));
    items.push(`${prefixOf(descriptor)}/${alias}/{name}`);
  }
  return [
    ...lists.map((template): Route => {
      return { template, produces: PRODUCES, methods: { GET: reader.overviews }, docs: docs.overviews(template) };
    }),
    ...items.map((template): Route => {
      return { template, produces: PRODUCES, methods: { GET: reader.overview }, docs: docs.overview(template) };
    }),
  ];
}

function prefixOf(descriptor: AnyDescriptor): string {
  return descriptor.scope === 'Mesh' ? MESH_PREFIX : '';
}

/** A list in its mesh and across meshes, or the one list of a kind of global scope. */
function listTemplates(descriptor: AnyDescriptor, path: string): string[] {
  return descriptor.scope === 'Mesh' ? [`${MESH_PREFIX}/${path}`, `/${path}`] : [`/${path}`];
}
