import type { Resource, ResourceDraft } from '@mesh/core';
import type { SecretSpec } from '@mesh/resources';

/** A Secret of a mesh, owned by it. */
export function secretDraft(mesh: string, name: string, content: string | Buffer): ResourceDraft {
  return { kind: 'Secret', mesh, name, spec: specOf(content), owner: { kind: 'Mesh', mesh: '', name: mesh } };
}

/** A GlobalSecret. */
export function globalSecretDraft(name: string, content: string | Buffer): ResourceDraft {
  return { kind: 'GlobalSecret', mesh: '', name, labels: {}, spec: specOf(content) };
}

/** What a Secret or GlobalSecret holds. */
export function secretContent(resource: Resource<unknown, unknown>): Buffer {
  return Buffer.from((resource.spec as SecretSpec).data ?? '', 'base64');
}

function specOf(content: string | Buffer): SecretSpec {
  return { data: Buffer.from(content as string).toString('base64') };
}
