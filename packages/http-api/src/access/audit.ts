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

  constructor(
    private readonly registry: DescriptorRegistry,
    private readonly log: Logger,
  ) {
    for (const descriptor of registry.all) {
      const { path, pathAliases = [], overviewAliases = [] } = descriptor;
      for (const each of [path, ...pathAliases, ...overviewAliases]) if (each !== undefined) this.byPath.set(each, descriptor);
    }
  }

  /** Notes a request where it is one of those. */
  record(request: AuditedRequest): void {
    const { method, answer, caller, params } = request;
    const isRefusal = answer.status === 401 || answer.status === 403;
    if (READS.has(method) && !isRefusal && request.template === '') return;
    const descriptor = this.descriptorOf(request);
    if (READS.has(method) && !isRefusal && !descriptor?.adminOnly) return;
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

  /** The kind a route is about: that of the last part of its path that names one. */
  private descriptorOf({ template, params }: AuditedRequest): AnyDescriptor | undefined {
    if (KRI_TEMPLATE.test(template)) {
      const kri = parseKri(params.kri ?? '');
      return kri && this.registry.findByShortName(kri.shortName);
    }
    const segments = template.split('/').reverse();
    const known = segments.find((segment) => this.byPath.has(segment));
    return known === undefined ? undefined : this.byPath.get(known);
  }
}

function outcomeOf(status: number): 'done' | 'unauthenticated' | 'forbidden' | 'refused' | 'failed' {
  if (status < 400) return 'done';
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'forbidden';
  return status < 500 ? 'refused' : 'failed';
}
