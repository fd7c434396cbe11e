import { type AnyDescriptor, type AuditRequest, type Author, MeshError, type Resource, type ResourceKey, type Violation } from '@mesh/core';
import { type ApiContext, requireMesh, untilVisible } from '../context.js';
import { type Answer, json } from '../http/answer.js';
import { ApiError, notFound } from '../http/errors.js';
import { type ApiRequest, type Handler, handler, param } from '../http/route.js';
import { readDocument } from './body.js';
import { etagOf, expectedVersionOf } from './precondition.js';
import { requireWritable } from './write-rule.js';

export const PUT_TITLE = 'Could not process a resource';
export const DELETE_TITLE = 'Could not delete a resource';
/** Carries the revision of a write. */
const REVISION_HEADER = 'Kuma-Revision';

/** Writes of one kind. The order of checks is that of contract/rest-api.md §2.2. */
export class KindWriter {
  constructor(
    private readonly context: ApiContext,
    private readonly descriptor: AnyDescriptor,
  ) {}

  /** `PUT {coll}/{name}`: create or replace. */
  get put(): Handler {
    return handler(PUT_TITLE, async (request) => {
      const target = await this.targetOf(request);
      const parsed = readDocument(this.context.registry, request.body, { descriptor: this.descriptor, ...target });
      this.context.access.requireWrite(request.identity, this.descriptor.kind);
      return this.store(request, parsed);
    });
  }

  /** `DELETE {coll}/{name}`. */
  get delete(): Handler {
    return handler(DELETE_TITLE, async (request) => {
      const key: ResourceKey = { kind: this.descriptor.kind, ...(await this.targetOf(request)) };
      const { controlPlane, access } = this.context;
      const stored = controlPlane.view.get(key);
      if (!stored) throw notFound(DELETE_TITLE);
      access.requireWrite(request.identity, key.kind);
      const { revision, recorded = false } = await controlPlane.delete({
        key,
        author: authorOf(request),
        audit: auditOf(request, key),
        signal: request.signal,
        ...expected(request, stored),
      });
      await untilVisible(this.context, revision);
      return { ...json({}, 200, { [REVISION_HEADER]: String(revision) }), recorded };
    });
  }

  private async store(request: ApiRequest, parsed: ReturnType<typeof readDocument>): Promise<Answer> {
    const { draft, warnings } = parsed;
    const { controlPlane } = this.context;
    const before = controlPlane.view.get(draft);
    try {
      const result = await controlPlane.put({
        draft,
        author: authorOf(request),
        audit: auditOf(request, draft),
        signal: request.signal,
        ...expected(request, before),
      });
      await untilVisible(this.context, result.revision);
      const all = [...new Set([...warnings, ...result.warnings])];
      const headers = { [REVISION_HEADER]: String(result.revision), ETag: etagOf(result.resource) };
      const body = all.length > 0 ? { warnings: all } : {};
      return { ...json(body, result.created ? 201 : 200, headers), recorded: result.recorded ?? false };
    } catch (error) {
      throw explainRefusal(error, before);
    }
  }

  /** Mesh and name of the path, once the control plane takes such writes and the mesh exists. */
  private async targetOf(request: ApiRequest): Promise<{ mesh: string; name: string }> {
    requireWritable(this.descriptor, await this.context.info(), this.context.config.apiServer.readOnly);
    const mesh = this.descriptor.scope === 'Mesh' ? param(request, 'mesh') : '';
    if (this.descriptor.scope === 'Mesh') requireMesh(this.context, mesh);
    return { mesh, name: param(request, 'name') };
  }
}

function expected(request: ApiRequest, stored: Resource | undefined): { readonly expectedVersion?: number } {
  const expectedVersion = expectedVersionOf(request, stored);
  return expectedVersion === undefined ? {} : { expectedVersion };
}

/** Who is named as the author of a change. */
export function authorOf(request: ApiRequest): Author {
  return { name: request.identity.name, groups: request.identity.groups };
}

/** Whose write it is, and of what. */
export function auditOf(request: ApiRequest, { kind, mesh, name }: ResourceKey): AuditRequest {
  return { ...request.audit(), kind, ...(mesh === '' ? {} : { mesh }), name };
}

/** What the control plane refuses gets the title Kuma gives it (contract/rest-api.md §2.4). */
function explainRefusal(error: unknown, before: Resource | undefined): unknown {
  if (!MeshError.is(error)) return error;
  const title = before ? 'Failed to update a resource' : 'Failed to create a resource';
  if (error.code === 'mesh_not_found') {
    const violations = [{ field: 'mesh', message: 'Mesh is not found' }];
    return new ApiError({ status: 400, title, detail: 'Mesh is not found', violations });
  }
  if (error.code !== 'invalid') return error;
  const { violations } = error;
  return new ApiError({ status: 400, title: titleOfLabels(violations, before) ?? title, detail: 'Resource is not valid', violations });
}

/** Labels have titles of their own: one for a label that must not change, one for a label that is not allowed at all. */
function titleOfLabels(violations: readonly Violation[], before: Resource | undefined): string | undefined {
  const labels = violations.flatMap(({ field }) => /^labels\["(.*)"\]$/.exec(field)?.[1] ?? []);
  if (labels.length === 0) return undefined;
  return labels.some((label) => before?.meta.labels[label] !== undefined) ? 'Could not update a resource' : PUT_TITLE;
}
