import { type JsonObject, MeshError, type ResourceKey } from '@mesh/core';
import type { ProxyVersion } from '@mesh/resources';

/** Kinds of resources that are proxies. */
export type ProxyKind = 'Dataplane' | 'ZoneIngress' | 'ZoneEgress';

/** Who is at the other end of an ADS stream, as its first request says (contract/dataplane.md §1.4). */
export interface ProxyNode {
  readonly kind: ProxyKind;
  /** Key of the proxy's resource. */
  readonly key: ResourceKey;
  /** Envoy's node metadata, which our bootstrap wrote. */
  readonly metadata: JsonObject;
  readonly features: ReadonlySet<string>;
  /** JSON of the resource to register; absent where the proxy relies on a stored one. */
  readonly inlineResource: string | undefined;
  readonly version: ProxyVersion;
  /** It came with versions of what it was given on an earlier stream, by this process or another. */
  readonly returning?: boolean;
}

const KIND_OF_TYPE: Readonly<Record<string, ProxyKind>> = {
  '': 'Dataplane',
  dataplane: 'Dataplane',
  ingress: 'ZoneIngress',
  egress: 'ZoneEgress',
};

/** Reads node id and metadata of a first request. Throws `bad_request` where they name no proxy. */
export function parseProxyNode(nodeId: string, metadata: JsonObject): ProxyNode {
  const kind = KIND_OF_TYPE[textOf(metadata['dataplane.proxyType'])];
  if (!kind) throw new MeshError('bad_request', { public: `unknown proxy type ${JSON.stringify(metadata['dataplane.proxyType'])}` });
  const dot = nodeId.indexOf('.');
  const mesh = dot < 0 ? '' : nodeId.slice(0, dot);
  const name = dot < 0 ? '' : nodeId.slice(dot + 1);
  if (name === '' || (mesh === '') !== (kind !== 'Dataplane')) {
    throw new MeshError('bad_request', {
      public: `node id ${JSON.stringify(nodeId)} is not "<mesh>.<name>" (".<name>" for zone proxies)`,
    });
  }
  const inline = textOf(metadata['dataplane.resource']);
  return {
    kind,
    key: { kind, mesh, name },
    metadata,
    features: new Set(listOf(metadata.features).map(textOf)),
    inlineResource: inline === '' ? undefined : inline,
    version: versionOf(metadata),
  };
}

function versionOf(metadata: JsonObject): ProxyVersion {
  const version = objectOf(metadata.version);
  const kumaDp = objectOf(version.kumaDp);
  const envoy = objectOf(version.envoy);
  return {
    kumaDp: {
      version: textOf(kumaDp.version),
      gitTag: textOf(kumaDp.gitTag),
      gitCommit: textOf(kumaDp.gitCommit),
      buildDate: textOf(kumaDp.buildDate),
      kumaCpCompatible: true,
    },
    envoy: { version: textOf(envoy.version), build: textOf(envoy.build), kumaDpCompatible: true },
    ...(version.dependencies ? { dependencies: textValues(objectOf(version.dependencies)) } : {}),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function textValues(object: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(object).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
