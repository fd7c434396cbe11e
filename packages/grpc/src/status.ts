import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';
import { MeshError, type MeshErrorCode, type Violation } from '@mesh/core';

const statusOf: Readonly<Record<MeshErrorCode, status>> = {
  invalid: status.INVALID_ARGUMENT,
  bad_request: status.INVALID_ARGUMENT,
  not_found: status.NOT_FOUND,
  mesh_not_found: status.NOT_FOUND,
  already_exists: status.ALREADY_EXISTS,
  conflict: status.ABORTED,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  read_only: status.FAILED_PRECONDITION,
  signing_key_not_found: status.FAILED_PRECONDITION,
  unavailable: status.UNAVAILABLE,
  too_large: status.RESOURCE_EXHAUSTED,
  internal: status.INTERNAL,
};

const codeOf = new Map<status, MeshErrorCode>([
  [status.INVALID_ARGUMENT, 'invalid'],
  [status.NOT_FOUND, 'not_found'],
  [status.ALREADY_EXISTS, 'already_exists'],
  [status.ABORTED, 'conflict'],
  [status.UNAUTHENTICATED, 'unauthenticated'],
  [status.PERMISSION_DENIED, 'forbidden'],
  [status.FAILED_PRECONDITION, 'read_only'],
  [status.UNAVAILABLE, 'unavailable'],
  [status.DEADLINE_EXCEEDED, 'unavailable'],
  [status.CANCELLED, 'unavailable'],
  [status.RESOURCE_EXHAUSTED, 'too_large'],
]);

/** Trailer that carries a MeshError between the services of a deployment. */
const errorTrailer = 'mesh-error-bin';
/** Trailers have to fit the peer's header limit; what is beyond is cut. */
const violationsMax = 50;

/** The status a caller gets for anything thrown; only a MeshError shows its text. */
export function toStatus(error: unknown): StatusObject {
  const known = MeshError.is(error) ? error : new MeshError('internal', { public: 'internal error' });
  return { code: statusOf[known.code], details: known.public, metadata: new Metadata() };
}

/** Like `toStatus`, with code, hint and violations in a trailer: for peers of the same deployment. */
export function toStatusWithTrailer(error: unknown): StatusObject {
  const result = toStatus(error);
  if (MeshError.is(error)) result.metadata.set(errorTrailer, Buffer.from(toCarriedError(error)));
  return result;
}

/** What a peer of the same deployment is told of anything thrown, as JSON; only a MeshError shows its text. */
export function toCarriedError(error: unknown): Uint8Array {
  const known = MeshError.is(error) ? error : new MeshError('internal', { public: 'internal error' });
  const { code, hint } = known;
  return Buffer.from(JSON.stringify({ code, public: known.public, hint, violations: known.violations.slice(0, violationsMax) }));
}

/** The MeshError that `toCarriedError` was made of; `internal` where the bytes are nothing of the kind. */
export function fromCarriedError(bytes: Uint8Array): MeshError {
  const carried = readTrailer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return carried ? new MeshError(carried.code, carried) : new MeshError('internal', { internal: 'a refusal that cannot be read' });
}

/** The MeshError a peer meant, from its trailer where there is one, else from the status code. */
export function fromStatus(error: ServiceError): MeshError {
  const trailer = error.metadata?.get(errorTrailer)[0];
  const carried = Buffer.isBuffer(trailer) ? readTrailer(trailer) : undefined;
  if (carried) return new MeshError(carried.code, { ...carried, internal: error.message, cause: error });
  const code = codeOf.get(error.code) ?? 'internal';
  const text = code === 'internal' ? {} : { public: error.details };
  return new MeshError(code, { ...text, internal: error.message, cause: error });
}

interface CarriedError {
  readonly code: MeshErrorCode;
  readonly public: string;
  readonly hint?: string;
  readonly violations?: readonly Violation[];
}

function readTrailer(trailer: Buffer): CarriedError | undefined {
  try {
    const body = JSON.parse(trailer.toString()) as Partial<CarriedError>;
    if (typeof body.code !== 'string' || !Object.hasOwn(statusOf, body.code) || typeof body.public !== 'string') return undefined;
    const violations = Array.isArray(body.violations) && body.violations.every(isViolation) ? { violations: body.violations } : {};
    return { code: body.code, public: body.public, ...violations, ...(typeof body.hint === 'string' ? { hint: body.hint } : {}) };
  } catch {
    return undefined;
  }
}

function isViolation(value: unknown): value is Violation {
  const { field, message } = (value ?? {}) as Partial<Violation>;
  return typeof field === 'string' && typeof message === 'string';
}
