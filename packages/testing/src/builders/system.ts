import { ResourceBuilder } from './resource-builder.js';

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** A Secret of mesh `default`; `content` is what it holds, not its base64. */
export function secret(name: string, content: string): ResourceBuilder<{ data?: string }> {
  return new ResourceBuilder<{ data?: string }>({ kind: 'Secret', mesh: 'default', name }, { data: base64(content) });
}

/** A GlobalSecret; `content` is what it holds, not its base64. */
export function globalSecret(name: string, content: string): ResourceBuilder<{ data?: string }> {
  return new ResourceBuilder<{ data?: string }>({ kind: 'GlobalSecret', mesh: '', name }, { data: base64(content) });
}

/** An ExternalService of mesh `default` at `host:port`. */
export function externalService(
  service: string,
  address: string,
  tags: Record<string, string> = {},
): ResourceBuilder<{ networking?: { address?: string }; tags?: Record<string, string> }> {
  const spec = { networking: { address }, tags: { 'kuma.io/service': service, ...tags } };
  return new ResourceBuilder<{ networking?: { address?: string }; tags?: Record<string, string> }>(
    { kind: 'ExternalService', mesh: 'default', name: service },
    spec,
  );
}
