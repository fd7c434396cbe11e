import { type AnyDescriptor, type DescriptorRegistry, type Logger, parseKri } from '@mesh/core';
import type { Answer } from '../http/answer.js';
import type { Authenticated } from './authenticate.js';

/** A request and what became of it. */
export interface AuditedRequest {
  readonly method: string;
  /** Path as sent, without the query. */
  readonly path: string;
  /** Template of the route; empty where none was found. */
  readonly template: string;
  readonly params: Readonly<Record<string, string>>;
  readonly peer: string;
  readonly caller: Authenticated;
  readonly answer: Answer;
}

const PATH_CHARACTERS_MAX = 500;
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
const KRI_TEMPLATE = /\/_kri\/\{kri\}$/;

/**
 * Writes one line for every write, every issued token, every read of a secret and every refused
 * credential: who, how recognised, what, which resource, the revision it made, and the outcome.
 */
export class AuditLog {
  private readonly byPath = new Map<string, AnyDescriptor>();
  private readonly byTemplate = new Map<string, AnyDescriptor | undefined>();

  constructor(
    private readonly registry: DescriptorRegistry,
    private readonly log: Logger,
  ) {
    for (const descriptor of registry.all) {
      const { path, pathAliases = [], overviewAliases = [] } = descriptor;
      for (const each of [path, ...pathAliases, ...overviewAliases]) if (each !== undefined) this.byPath.set(each, descriptor);
    }
  }

  /** Whether a request leaves a line. Most do not: this is all that is done for them. */
  concerns({ method, template, status }: { readonly method: string; readonly template: string; readonly status: number }): boolean {
    if (!READS.has(method) || status === 401 || status === 403) return true;
    return KRI_TEMPLATE.test(template) || (this.kindOf(template)?.adminOnly ?? false);
  }

  /** Writes the line of a request that `concerns` it. */
  record(request: AuditedRequest): void {
    const { method, answer, caller, params } = request;
    const descriptor = this.descriptorOf(request);
    if (READS.has(method) && answer.status < 400 && !descriptor?.adminOnly) return;
    const revision = answer.headers?.['Kuma-Revision'];
    const audit = {
      who: caller.identity.name,
      groups: caller.identity.groups,
      by: caller.by,
      peer: request.peer,
      method,
      path: request.path.slice(0, PATH_CHARACTERS_MAX),
      ...(descriptor ? { kind: descriptor.kind } : {}),
      ...(params.mesh === undefined ? {} : { mesh: params.mesh }),
      ...(params.name === undefined ? {} : { name: params.name }),
      ...answer.audit,
      ...(revision === undefined ? {} : { revision: Number(revision) }),
      status: answer.status,
      outcome: outcomeOf(answer.status),
    };
    this.log.info({ audit }, 'audit');
  }

  private descriptorOf({ template, params }: AuditedRequest): AnyDescriptor | undefined {
    if (!KRI_TEMPLATE.test(template)) return this.kindOf(template);
    const kri = parseKri(params.kri ?? '');
    return kri && this.registry.findByShortName(kri.shortName);
  }

  /** The kind a route is about: that of the last part of its template that names one. */
  private kindOf(template: string): AnyDescriptor | undefined {
    if (!this.byTemplate.has(template)) {
      const known = template.split('/').findLast((segment) => this.byPath.has(segment));
      this.byTemplate.set(template, known === undefined ? undefined : this.byPath.get(known));
    }
    return this.byTemplate.get(template);
  }
}

function outcomeOf(status: number): 'done' | 'unauthenticated' | 'forbidden' | 'refused' | 'failed' {
  if (status < 400) return 'done';
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'forbidden';
  return status < 500 ? 'refused' : 'failed';
}
