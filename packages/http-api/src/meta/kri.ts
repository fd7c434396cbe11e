import { type JsonObject, kriOf, MeshError, parseKri, type Resource } from '@mesh/core';
import type { ApiContext } from '../context.js';
import { json } from '../http/answer.js';
import { notFound } from '../http/errors.js';
import { handler, param, type Route } from '../http/route.js';
import { documentPrinter, ITEM_TITLE } from '../resources/read.js';
import { META_DOCS } from './docs.js';

/** `/_kri/{kri}`: an item by its resource identifier, synced copies included (contract/rest-api.md §2.5). */
export function kriRoutes(context: ApiContext): Route[] {
  const { registry, controlPlane, access } = context;
  const item = handler(ITEM_TITLE, (request) => {
    const text = param(request, 'kri');
    const kri = parseKri(text);
    if (!kri)
      throw new MeshError('bad_request', { public: `bad request: invalid identifier string: ${JSON.stringify(text.slice(0, 300))}` });
    const descriptor = registry.findByShortName(kri.shortName);
    if (!descriptor) {
      throw new MeshError('bad_request', {
        public: `bad request: unknown short name of resource type: ${JSON.stringify(kri.shortName.slice(0, 50))}`,
      });
    }
    if (descriptor.adminOnly) access.require('adminResources', request.identity, `the resource of type "${descriptor.kind}"`);
    const print = documentPrinter(descriptor, request);
    const wanted = text.slice(0, text.length - kri.section.length);
    const matches = (resource: Resource): boolean => kriOf(kri.shortName, resource) === wanted;
    const found = controlPlane.view.list<JsonObject>(descriptor.kind, kri.mesh).find(matches);
    if (!found) throw notFound(ITEM_TITLE);
    return json(print(found));
  });
  return [{ template: '/_kri/{kri}', produces: ['application/json'], docs: { GET: META_DOCS.kri }, methods: { GET: item } }];
}
