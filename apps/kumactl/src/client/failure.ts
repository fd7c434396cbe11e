import { isObject } from '@mesh/resources';
import { UserError } from '../errors.js';

/** An error the API answered with; the message is `<title> (<detail>)` and a line per violation. */
export class ApiFailure extends UserError {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'ApiFailure';
  }
}

/** Whether an error says that what was asked for does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiFailure && error.status === 404;
}

/** Reads the error object of an answer (contract/rest-api.md §2.4). @param asked method and path, for answers that are none. */
export function readFailure(response: { readonly status: number; readonly text: string }, asked: string): ApiFailure {
  const { status, text } = response;
  const body = parse(text);
  if (!isObject(body) || typeof body.title !== 'string') {
    return new ApiFailure(status, `the API answered ${text.trim().slice(0, 500) || status} to ${asked}`);
  }
  const detail = body.detail ?? body.details;
  const lines = [typeof detail === 'string' && detail !== '' ? `${body.title} (${detail})` : body.title];
  const parameters = Array.isArray(body.invalid_parameters) ? body.invalid_parameters : body.causes;
  for (const each of Array.isArray(parameters) ? parameters : []) {
    if (isObject(each)) lines.push(`* ${String(each.field ?? '')}: ${String(each.reason ?? each.message ?? '')}`);
  }
  return new ApiFailure(status, lines.join('\n'));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
