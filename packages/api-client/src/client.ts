import createFetchClient, { type Client } from 'openapi-fetch';
import type { paths } from './gen/api.js';

/** The API, path by path: `client.GET('/meshes/{mesh}/dataplanes', { params: { path: { mesh: 'default' } } })`. */
export type ApiClient = Client<paths>;

/** Where the API is and who calls it. */
export interface ApiClientOptions {
  /** Address of the API with its base path: `http://localhost:5681`. */
  readonly url: string;
  /** A user token. */
  readonly token?: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long one request may take, in milliseconds; without it as long as it takes. */
  readonly timeoutMs?: number;
  /** Sends the requests; the platform's `fetch` unless given. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/**
 * A client whose paths, parameters, bodies and answers are typed by the OpenAPI document. Calls resolve with `data`
 * or `error` and throw only where no answer came; {@link unwrap} turns an `error` into an exception.
 */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const { url, token, headers = {}, timeoutMs, fetch: send = globalThis.fetch } = options;
  const timed = (request: Request): Promise<Response> =>
    timeoutMs === undefined
      ? send(request)
      : send(new Request(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]) }));
  return createFetchClient<paths>({
    baseUrl: url.replace(/\/+$/, ''),
    fetch: timed,
    headers: { accept: 'application/json', ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    querySerializer: { array: { style: 'form', explode: true }, object: { style: 'deepObject', explode: true } },
  });
}
