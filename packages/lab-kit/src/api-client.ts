/** A plain client of the REST API, as a user's script would be. */
export class ApiClient {
  constructor(readonly url: string) {}

  /** GETs a path; undefined for 404. @throws Error with status and body otherwise. */
  async get<T = unknown>(path: string): Promise<T | undefined> {
    const response = await fetch(this.url + path);
    if (response.status === 404) {
      await response.text();
      return undefined;
    }
    return JSON.parse(await this.expectOk('GET', path, response)) as T;
  }

  /** PUTs a document at the path its type implies. */
  async put(path: string, document: object): Promise<Response> {
    const response = await fetch(this.url + path, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(document),
    });
    await this.expectOk('PUT', path, response);
    return response;
  }

  async delete(path: string): Promise<void> {
    const response = await fetch(this.url + path, { method: 'DELETE' });
    await this.expectOk('DELETE', path, response);
  }

  /** POSTs JSON and returns the text of the answer: tokens. */
  async post(path: string, body: object): Promise<string> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return this.expectOk('POST', path, response);
  }

  private async expectOk(method: string, path: string, response: Response): Promise<string> {
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${this.url}${path}: ${response.status} ${text}`);
    return text;
  }
}
