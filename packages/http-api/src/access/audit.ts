import {
  type AnyDescriptor,
  type AuditEntry,
  type AuditOutcome,
  type AuditRequest,
  type Clock,
  type DescriptorRegistry,
  isStorableText,
  type Logger,
  parseKri,
} from '@mesh/core';
import type { Answer } from '../http/answer.js';
import type { AuditTrail } from './audit-trail.js';
import type { Authenticated } from './authenticate.js';

/** A request, as far as it says who asks for what. */
export interface AskedRequest {
  readonly method: string;
  /** Path as sent, without the query. */
  readonly path: string;
  readonly peer: string;
  readonly caller: Authenticated;
}

/** A request and what became of it. */
export interface AuditedRequest extends AskedRequest {
  /** Template of the route; empty where none was found. */
  readonly template: string;
  readonly params: Readonly<Record<string, string>>;
  readonly answer: Answer;
}

export interface AuditLogOptions {
  readonly registry: DescriptorRegistry;
  readonly log: Logger;
  readonly clock: Clock;
  /** Keeps what was not recorded with its write. */
  readonly trail: Pick<AuditTrail, 'add'>;
}

const PATH_CHARACTERS_MAX = 500;
const NAME_CHARACTERS_MAX = 256;
const GROUPS_MAX = 50;
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
const KRI_TEMPLATE_END = '/_kri/{kri}';

/**
 * Writes one line for every write, every issued token, every read of a secret and every refused credential: who, how
 * recognised, what, which resource, the revision it made, and the outcome. What was not recorded in the transaction of a
 * write gets a record of its own.
 */
export class AuditLog {
  private readonly byPath = new Map<string, AnyDescriptor>();
  private readonly byTemplate = new Map<string, AnyDescriptor | undefined>();

  constructor(private readonly options: AuditLogOptions) {
    for (const descriptor of options.registry.all) {
      const { path, pathAliases = [], overviewAliases = [] } = descriptor;
      for (const each of [path, ...pathAliases, ...overviewAliases]) if (each !== undefined) this.byPath.set(each, descriptor);
    }
  }

  /** Whether a request leaves a line. Most do not: this is all that is done for them. */
  concerns({ method, template, status }: { readonly method: string; readonly template: string; readonly status: number }): boolean {
    if (!READS.has(method) || status === 401 || status === 403) return true;
    return template.endsWith(KRI_TEMPLATE_END) || (this.kindOf(template)?.adminOnly ?? false);
  }

  /** Writes the line of a request that `concerns` it, and the record where there is none yet. */
  record(request: AuditedRequest): void {
    const { method, answer, params } = request;
    const descriptor = this.descriptorOf(request);
    if (READS.has(method) && answer.status < 400 && !descriptor?.adminOnly) return;
    const revision = answer.headers?.['Kuma-Revision'];
    const { mesh = params.mesh, name = params.name, ...details } = answer.audit ?? {};
    const asked = auditRequestOf(request);
    const about = {
      ...(descriptor ? { kind: descriptor.kind } : {}),
      ...(typeof mesh === 'string' ? { mesh: storable(mesh, NAME_CHARACTERS_MAX) } : {}),
      ...(typeof name === 'string' ? { name: storable(name, NAME_CHARACTERS_MAX) } : {}),
    };
    const became = { status: answer.status, outcome: outcomeOf(answer.status) };
    const audit = { ...asked, ...about, ...details, ...(revision === undefined ? {} : { revision: Number(revision) }), ...became };
    this.options.log.info({ audit }, 'audit');
    if (answer.recorded) return;
    const entry: AuditEntry = { ...asked, ...about, ...(Object.keys(details).length > 0 ? { details } : {}), ...became };
    this.options.trail.add({ ...entry, time: new Date(this.options.clock.now()).toISOString() });
  }

  private descriptorOf({ template, params }: AuditedRequest): AnyDescriptor | undefined {
    if (!template.endsWith(KRI_TEMPLATE_END)) return this.kindOf(template);
    const kri = parseKri(params.kri ?? '');
    return kri && this.options.registry.findByShortName(kri.shortName);
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

/** What is known of a request before its outcome; texts are cut to what a record holds. */
export function auditRequestOf({ method, path, peer, caller }: AskedRequest): AuditRequest {
  const { name, groups } = caller.identity;
  return {
    who: storable(name, NAME_CHARACTERS_MAX),
    groups: groups.slice(0, GROUPS_MAX).map((group) => storable(group, NAME_CHARACTERS_MAX)),
    by: caller.by,
    peer,
    method,
    path: storable(path, PATH_CHARACTERS_MAX),
  };
}

/** The beginning of a text, without what no store can hold. */
function storable(text: string, charactersMax: number): string {
  const cut = text.length > charactersMax ? text.slice(0, charactersMax) : text;
  return isStorableText(cut) ? cut : cut.replace(/[\p{Surrogate}\0]/gu, '\ufffd');
}

function outcomeOf(status: number): AuditOutcome {
  if (status < 400) return 'done';
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'forbidden';
  return status < 500 ? 'refused' : 'failed';
}
