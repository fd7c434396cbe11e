/** A value as the body of a message between instances of the same build. */
export function writeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** The value of a body; the caller vouches for its type. Throws where it is no JSON. */
export function readJson<T>(body: Uint8Array): T {
  return JSON.parse(Buffer.from(body).toString('utf8')) as T;
}
