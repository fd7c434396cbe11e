/** The error object of the API. */
export interface ProblemBody {
  readonly title: string;
  readonly detail: string;
  readonly invalid_parameters?: readonly { readonly field: string; readonly reason: string }[];
}

/** What the API refused, and why. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    /** Absent where the router or something on the way answered with a text. */
    readonly body: ProblemBody | undefined,
    text: string,
  ) {
    super(body ? `${body.title} (${body.detail})` : text);
    this.name = 'ApiProblem';
  }
}

/** The data of an answer. @throws ApiProblem where it is an error. */
export function unwrap<T>(answer: { readonly data?: T; readonly error?: unknown; readonly response: Response }): T {
  if (answer.response.ok) return answer.data as T;
  const { error, response } = answer;
  throw new ApiProblem(response.status, isProblem(error) ? error : undefined, typeof error === 'string' ? error : response.statusText);
}

function isProblem(error: unknown): error is ProblemBody {
  return typeof error === 'object' && error !== null && 'title' in error && 'detail' in error;
}
