import { MeshError, type MeshErrorCode, type Violation } from '@mesh/core';
import { type Answer, json } from './answer.js';

interface Shape {
  readonly status: number;
  /** Absent: the title of what was tried. */
  readonly title?: string;
}

const SHAPES: Readonly<Record<MeshErrorCode, Shape>> = {
  invalid: { status: 400 },
  bad_request: { status: 400, title: 'Bad Request' },
  not_found: { status: 404 },
  mesh_not_found: { status: 404, title: 'Failed to retrieve Mesh' },
  already_exists: { status: 409, title: 'Conflict' },
  conflict: { status: 409, title: 'Conflict' },
  unauthenticated: { status: 401, title: 'Invalid authentication data' },
  forbidden: { status: 403, title: 'Access Denied' },
  read_only: { status: 405, title: 'Method not allowed' },
  signing_key_not_found: { status: 404, title: 'Signing Key not found' },
  unavailable: { status: 503, title: 'Service unavailable' },
  too_large: { status: 413, title: 'Request too large' },
  internal: { status: 500 },
};

/** Parts of an error as the API shows it. */
export interface ProblemDetails {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly violations?: readonly Violation[];
}

/** Who sends thousands of mistakes is told of the first ones. */
const VIOLATIONS_MAX = 100;

function firstOf(violations: readonly Violation[]): readonly Violation[] {
  if (violations.length <= VIOLATIONS_MAX) return violations;
  const more = violations.length - VIOLATIONS_MAX;
  return [...violations.slice(0, VIOLATIONS_MAX), { field: '', message: `and ${more} more` }];
}

/** An error that knows the title and status it is shown with. */
export class ApiError extends Error {
  constructor(readonly problem: ProblemDetails) {
    super(problem.detail);
    this.name = 'ApiError';
  }
}

/** The error object of contract/rest-api.md §2.4; `details` and `causes` mirror the new fields for old clients. */
export function problem(details: ProblemDetails): Answer {
  const { status, title, detail } = details;
  const violations = firstOf(details.violations ?? []);
  const parameters = violations.map(({ field, message }) => ({ field, reason: message }));
  const causes = violations.map(({ field, message }) => ({ field, message }));
  const some = violations.length > 0;
  return json(
    {
      type: '/std-errors',
      status,
      title,
      detail,
      ...(some ? { invalid_parameters: parameters } : {}),
      details: detail,
      ...(some ? { causes } : {}),
    },
    status,
  );
}

/**
 * The answer for anything thrown while doing what `title` names ("Could not retrieve a
 * resource"). What is no MeshError is a bug: shown as 500 without a word of it.
 */
export function errorAnswer(error: unknown, title: string): Answer {
  if (error instanceof ApiError) return problem(error.problem);
  if (!MeshError.is(error)) return problem({ status: 500, title, detail: 'Internal Server Error' });
  const shape = SHAPES[error.code];
  return problem({
    status: shape.status,
    title: shape.title ?? title,
    detail: detailOf(error),
    ...(error.code === 'invalid' ? { violations: error.violations } : {}),
  });
}

/** Whether an error is a fault of ours, to be logged. */
export function isBug(error: unknown): boolean {
  return !(error instanceof ApiError) && (!MeshError.is(error) || error.code === 'internal');
}

function detailOf(error: MeshError): string {
  switch (error.code) {
    case 'invalid':
      return 'Resource is not valid';
    case 'not_found':
    case 'mesh_not_found':
      return 'Not found';
    case 'unauthenticated':
      return 'Unauthenticated';
    case 'internal':
      return 'Internal Server Error';
    default:
      return error.hint ? `${error.public}: ${error.hint}` : error.public;
  }
}

/** `Not found` under the title of what was looked for. */
export function notFound(title: string): ApiError {
  return new ApiError({ status: 404, title, detail: 'Not found' });
}
