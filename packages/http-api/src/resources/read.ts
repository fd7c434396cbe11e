import type { AnyDescriptor, JsonObject, Resource } from '@mesh/core';
import { toDocument, toKubernetesDocument, toOverview } from '@mesh/resources';
import { type ApiContext, requireMesh } from '../context.js';
import { json } from '../http/answer.js';
import { ApiError, notFound } from '../http/errors.js';
import { type ApiRequest, type Handler, handler, param } from '../http/route.js';
import { kindFilters } from './kind-filters.js';
import { LIST_TITLE, listAnswer, readCommonFilter } from './list-query.js';
import { etagOf } from './precondition.js';
import { PrintedItems } from './printed-items.js';
import { PrintedPages } from './printed-pages.js';

export const ITEM_TITLE = 'Could not retrieve a resource';
const KUBERNETES_FORMATS = ['k8s', 'kubernetes'];

/** Reads of one kind. */
export class KindReader {
  private readonly documents = new PrintedItems<Resource>((resource) => toDocument(this.descriptor, resource));
  private readonly pages = new PrintedPages();
  private readonly overviewsOfItems = new PrintedItems<Resource>(
    (resource) => this.toOverview(resource),
    (resource) => this.insightOf(resource),
  );

  constructor(
    private readonly context: ApiContext,
    private readonly descriptor: AnyDescriptor,
  ) {}

  /** `GET {coll}/{name}`, also as `?format=k8s`. */
  get item(): Handler {
    return handler(ITEM_TITLE, (request) => {
      const print = documentPrinter(this.descriptor, request);
      const resource = this.find(request);
      return json(print(resource), 200, { ETag: etagOf(resource) });
    });
  }

  /** `GET {coll}`, in a mesh or across meshes. */
  get list(): Handler {
    return handler(LIST_TITLE, (request) => {
      const list = this.filtered(request);
      return this.pages.answer(request, list, () => listAnswer(request, list, this.documents.textOf));
    });
  }

  /** `GET {coll}/{name}/_overview`. */
  get overview(): Handler {
    return handler(ITEM_TITLE, (request) => json(this.toOverview(this.find(request))));
  }

  /** `GET {coll}/_overview`. */
  get overviews(): Handler {
    return handler(LIST_TITLE, (request) => listAnswer(request, this.filtered(request), this.overviewsOfItems.textOf));
  }

  private find(request: ApiRequest): Resource {
    const mesh = this.meshOf(request);
    this.checkAccess(request);
    const found = this.context.controlPlane.view.find<JsonObject>(this.descriptor.kind, mesh ?? '', param(request, 'name'));
    if (!found) throw notFound(ITEM_TITLE);
    return found;
  }

  private filtered(request: ApiRequest): readonly Resource[] {
    const mesh = this.meshOf(request);
    this.checkAccess(request);
    const { kind } = this.descriptor;
    const common = readCommonFilter(request);
    const special = Object.hasOwn(kindFilters, kind) ? kindFilters[kind]?.(request) : undefined;
    const all = this.context.controlPlane.view.listSorted<JsonObject>(kind, mesh);
    if (!common && !special) return all;
    return all.filter((resource) => (!common || common(resource)) && (!special || special(resource)));
  }

  private toOverview(resource: Resource): JsonObject {
    const descriptor = this.context.registry.get(this.descriptor.insightKind ?? '');
    const insight = this.insightOf(resource);
    return toOverview(this.descriptor, resource, descriptor && insight ? { descriptor, resource: insight } : undefined);
  }

  private insightOf({ meta }: Resource): Resource | undefined {
    return this.context.controlPlane.view.find<JsonObject>(this.descriptor.insightKind ?? '', meta.mesh, meta.name);
  }

  /** The mesh of the path, which must exist; undefined where the path names none. */
  private meshOf(request: ApiRequest): string | undefined {
    if (this.descriptor.scope === 'Global') return '';
    const { mesh } = request.params;
    if (mesh !== undefined) requireMesh(this.context, mesh);
    return mesh;
  }

  private checkAccess(request: ApiRequest): void {
    if (!this.descriptor.adminOnly) return;
    this.context.access.require('adminResources', request.identity, `the resource of type "${this.descriptor.kind}"`);
  }
}

/** The printer `?format=` asks for. */
export function documentPrinter(descriptor: AnyDescriptor, request: ApiRequest): (resource: Resource) => JsonObject {
  const format = request.query.get('format') ?? '';
  if (format === '' || format === 'universal') return (resource) => toDocument(descriptor, resource);
  if (KUBERNETES_FORMATS.includes(format)) {
    const namespace = request.query.get('namespace') || undefined;
    return (resource) => toKubernetesDocument(descriptor, resource, namespace);
  }
  const message = '"format" must be one of ["k8s", "kubernetes", "universal"]';
  throw new ApiError({ status: 400, title: ITEM_TITLE, detail: 'Resource is not valid', violations: [{ field: '', message }] });
}
