import { joinViolations, type Violation } from './violations.js';

/**
 * What went wrong, in terms a caller can act on. Status codes of HTTP and gRPC are chosen in
 * the adapters, from this code alone.
 */
export type MeshErrorCode =
  | 'invalid' // the document breaks a rule: see violations
  | 'bad_request' // the request cannot be read at all
  | 'not_found'
  | 'mesh_not_found'
  | 'already_exists'
  | 'conflict' // optimistic lock lost
  | 'unauthenticated'
  | 'forbidden'
  | 'read_only' // this control plane does not take such writes
  | 'signing_key_not_found'
  | 'unavailable' // a part we need is away: try again
  | 'too_large'
  | 'internal';

export interface MeshErrorOptions {
  /** Safe to show to whoever asked. */
  readonly public?: string;
  /** For the log only. */
  readonly internal?: string;
  /** What to do about it. */
  readonly hint?: string;
  readonly violations?: readonly Violation[];
  readonly cause?: unknown;
}

/** The one error type that users can reach; everything else is a bug and shown as `internal`. */
export class MeshError extends Error {
  readonly code: MeshErrorCode;
  readonly public: string;
  readonly hint: string | undefined;
  readonly violations: readonly Violation[];

  constructor(code: MeshErrorCode, options: MeshErrorOptions = {}) {
    const publicText = options.public ?? (options.violations ? joinViolations(options.violations) : code.replaceAll('_', ' '));
    super(options.internal ?? publicText, { cause: options.cause });
    this.name = 'MeshError';
    this.code = code;
    this.public = publicText;
    this.hint = options.hint;
    this.violations = options.violations ?? [];
  }

  static is(error: unknown, code?: MeshErrorCode): error is MeshError {
    return error instanceof MeshError && (code === undefined || error.code === code);
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
