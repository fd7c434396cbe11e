import { Resolver } from 'node:dns/promises';
import { request } from 'node:http';

/** What the echo application says of a request that reached it. */
export interface EchoAnswer {
  readonly name: string;
  readonly zone: string;
  readonly version: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ProbeResult {
  readonly status: number;
  /** Present when the echo application answered. */
  readonly echo: EchoAnswer | undefined;
  readonly body: string;
}

export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  /** `Host` header; the address itself where absent. */
  readonly hostHeader?: string;
  readonly timeoutMs?: number;
}

/** One HTTP GET on a connection of its own, so that no earlier connection hides a change. */
export function probe(target: ProbeTarget): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: target.host,
        port: target.port,
        path: target.path ?? '/',
        agent: false,
        timeout: target.timeoutMs ?? 5000,
        headers: { connection: 'close', ...(target.hostHeader ? { host: target.hostHeader } : {}) },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            echo: response.headers['x-echo-name'] ? (JSON.parse(body) as EchoAnswer) : undefined,
            body,
          }),
        );
        response.on('error', reject);
      },
    );
    sent.on('timeout', () =>
      sent.destroy(new Error(`no answer from ${target.host}:${target.port} within ${(target.timeoutMs ?? 5000) / 1000} s`)),
    );
    sent.on('error', reject);
    sent.end();
  });
}

/** SPIFFE ids of both ends as the receiving Envoy wrote them into x-forwarded-client-cert. */
export function spiffeIdsOf(answer: EchoAnswer): { readonly client: string | undefined; readonly server: string | undefined } {
  const xfcc = answer.headers['x-forwarded-client-cert'] ?? '';
  return { client: /URI=(spiffe:[^;,]+)/.exec(xfcc)?.[1], server: /By=(spiffe:[^;,]+)/.exec(xfcc)?.[1] };
}

/** Asks one DNS server for the A records of a name. */
export function resolveName(name: string, server: { address: string; port: number }): Promise<string[]> {
  const resolver = new Resolver({ timeout: 1000, tries: 1 });
  resolver.setServers([`${server.address}:${server.port}`]);
  return resolver.resolve4(name);
}
