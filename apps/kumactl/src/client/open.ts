import { type ApiClient, createApiClient } from '@mesh/api-client';
import { type JsonObject, VERSION } from '@mesh/core';
import type { ApiServerConfig } from '../config/model.js';
import type { ListDocument } from '../documents.js';
import { UserError } from '../errors.js';
import { readFailure } from './failure.js';
import { transport } from './transport.js';

/** How the API of a control plane is called. */
export interface OpenOptions {
  /** How long one request may take, in milliseconds; 0: as long as it takes. */
  readonly timeoutMs: number;
  /** Without credentials: the check of a new control plane. */
  readonly anonymous?: boolean;
  /** Is told each request and the status of its answer. */
  readonly onCall?: (line: string) => void;
}

/**
 * The client generated from the OpenAPI document, for one control plane. Its calls throw ApiFailure for what the API
 * refuses and UserError where no answer came, so that `data` is all there is to look at.
 */
export function openApi(server: ApiServerConfig, { timeoutMs, anonymous = false, onCall }: OpenOptions): ApiClient {
  const { url, headers = [], authType, authConf = {} } = server;
  if (!URL.canParse(url)) throw new UserError(`"${url}" is no URL such as http://localhost:5681`);
  const client = createApiClient({
    url,
    headers: { 'user-agent': `kumactl/${VERSION}`, ...Object.fromEntries(headers.map(({ key, value }) => [key, value])) },
    ...(authType === 'tokens' && !anonymous ? { token: authConf.token ?? '' } : {}),
    fetch: transport(server, timeoutMs),
  });
  client.use({
    onResponse: async ({ request: { method, url: asked }, response }) => {
      onCall?.(`${method} ${asked} ${response.status}`);
      if (response.ok) return;
      throw readFailure({ status: response.status, text: await response.text() }, `${method} ${new URL(asked).pathname}`);
    },
  });
  return client;
}

/** What a call of the client resolves with. */
type Call<T> = Promise<{ readonly data?: T; readonly response: Response }>;

/** The data of a call that must bring some. Throws UserError where the answer is no JSON. */
export async function dataOf<T>(call: Call<T>): Promise<T> {
  const answer = await call.catch((error: unknown) => {
    throw error instanceof SyntaxError ? notJson() : error;
  });
  if (answer.data === undefined) throw notJson();
  return answer.data;
}

/** A document as a tree of JSON: what a command shows of any kind. */
export async function documentOf(call: Call<object>): Promise<JsonObject> {
  return (await dataOf(call)) as JsonObject;
}

/** A page of a list of documents of any kind. */
export async function pageOf(call: Call<{ readonly total: number; readonly items: readonly object[] }>): Promise<ListDocument> {
  return (await dataOf(call)) as ListDocument;
}

function notJson(): UserError {
  return new UserError('the server did not answer with JSON: is it the API of a control plane?');
}
