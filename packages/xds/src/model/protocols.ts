/** Protocols a port may speak; anything unreadable is `unknown` and handled as tcp. */
export type Protocol = 'http' | 'http2' | 'grpc' | 'tcp' | 'tls' | 'kafka' | 'mysql' | 'unknown';

const KNOWN: ReadonlySet<string> = new Set(['http', 'http2', 'grpc', 'tcp', 'tls', 'kafka', 'mysql']);

/** What each protocol can be carried as, most specific first (contract/policies.md §0). */
const STACKS: Readonly<Record<Protocol, readonly Protocol[]>> = {
  grpc: ['grpc', 'http2', 'tcp'],
  http2: ['http2', 'tcp'],
  http: ['http', 'tcp'],
  kafka: ['kafka', 'tcp'],
  tls: ['tls', 'tcp'],
  tcp: ['tcp'],
  mysql: ['mysql'],
  unknown: ['unknown'],
};

/** Reads a protocol name, in any case. */
export function parseProtocol(text: string | undefined): Protocol {
  const lower = (text ?? '').toLowerCase();
  return KNOWN.has(lower) ? (lower as Protocol) : 'unknown';
}

/** True where requests can be told apart: http, http2 and grpc. */
export function isHttpBased(protocol: Protocol): boolean {
  return protocol === 'http' || protocol === 'http2' || protocol === 'grpc';
}

/** The protocol that all can be reached with; `unknown` for none, or where one is unknown. */
export function commonProtocol(protocols: Iterable<Protocol>): Protocol {
  let common: Protocol | undefined;
  for (const protocol of protocols) {
    if (protocol === 'unknown') return 'unknown';
    common = common === undefined ? protocol : commonOfTwo(common, protocol);
  }
  return common ?? 'unknown';
}

function commonOfTwo(a: Protocol, b: Protocol): Protocol {
  return STACKS[a].find((candidate) => STACKS[b].includes(candidate)) ?? 'unknown';
}
