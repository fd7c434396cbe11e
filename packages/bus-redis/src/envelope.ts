import type { MeshErrorCode } from '@mesh/core';

/** Who says it: always the sender's instance id. */
interface From {
  readonly from: string;
}

/** What instances say to each other; a body, where there is one, follows the envelope. */
export type Envelope =
  /** To all: who I am. `news`: tell me who you are, too. */
  | (From & { readonly is: 'here'; readonly news: boolean; readonly facts: Readonly<Record<string, string>> })
  /** To all: I stop. */
  | (From & { readonly is: 'bye' })
  /** A request; said again while its answer is waited for. */
  | (From & { readonly is: 'ask'; readonly id: string; readonly method: string; readonly ref?: string })
  /** Nobody waits for the answer any more. */
  | (From & { readonly is: 'over'; readonly id: string })
  | (From & { readonly is: 'tell'; readonly id: string; readonly ref?: string })
  | (From & { readonly is: 'end'; readonly id: string; readonly error?: EnvelopeError });

/** A MeshError on its way. */
export interface EnvelopeError {
  readonly code: MeshErrorCode;
  readonly public: string;
  readonly hint?: string;
}

const NEWLINE = 0x0a;

/** One line of JSON, then the body as it is. */
export function encode(envelope: Envelope, body: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(envelope)}\n`), body]);
}

/** Reads a message; undefined for what no instance of this build says. */
export function decode(message: Buffer): { readonly envelope: Envelope; readonly body: Buffer } | undefined {
  const end = message.indexOf(NEWLINE);
  if (end < 0) return undefined;
  try {
    const envelope: unknown = JSON.parse(message.toString('utf8', 0, end));
    return isEnvelope(envelope) ? { envelope, body: message.subarray(end + 1) } : undefined;
  } catch {
    return undefined;
  }
}

function isEnvelope(value: unknown): value is Envelope {
  if (!isRecord(value) || !isText(value.from)) return false;
  switch (value.is) {
    case 'here':
      return typeof value.news === 'boolean' && isRecord(value.facts) && Object.values(value.facts).every(isText);
    case 'bye':
      return true;
    case 'ask':
      return isText(value.id) && isText(value.method) && isOptional(value.ref);
    case 'over':
      return isText(value.id);
    case 'tell':
      return isText(value.id) && isOptional(value.ref);
    case 'end':
      return isText(value.id) && (value.error === undefined || isError(value.error));
    default:
      return false;
  }
}

function isError(value: unknown): boolean {
  return isRecord(value) && isText(value.code) && isText(value.public) && isOptional(value.hint);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isOptional = (value: unknown): boolean => value === undefined || isText(value);
