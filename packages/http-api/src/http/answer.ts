import { printJson } from './json.js';

/** What goes back to the client. */
export interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** What the audit line says beyond the request: of an issued token its ID and whom it is for. */
  readonly audit?: Readonly<Record<string, string | readonly string[]>>;
  /** The control plane has recorded it with the write. */
  readonly recorded?: boolean;
}

/** A JSON answer, printed as Kuma does. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, contentType: 'application/json', headers, body: printJson(value) };
}

/** An answer of the router itself: `404: Page Not Found`, without a newline (contract/rest-api.md §1). */
export function routerText(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', headers, body: `${status}: ${text}` };
}

/** The answer to a path nobody serves. */
export const pageNotFound: Answer = routerText(404, 'Page Not Found');

/** The answer to a path that cannot be decoded; it comes from below the router and looks different. */
export const badUrl: Answer = { status: 400, contentType: 'text/plain; charset=utf-8', body: '400 Bad Request' };
