import type { DescriptorRegistry, Resource } from '@mesh/core';
import { toEncodedResource } from './codec.js';
import { SetDigest } from './digest.js';
import { type InboundScope, inScope, senderName } from './inbound.js';
import { parseWireName } from './names.js';
import type { PeerRecord } from './peer-record.js';

export interface StoredVersionsOptions {
  readonly registry: DescriptorRegistry;
  readonly scope: InboundScope;
  readonly record: PeerRecord;
}

/** A version the peer sent that is not what the stored form comes to, and that form's own. */
interface Explained {
  readonly offered: string;
  /** Absent: nothing is stored, the resource was refused. */
  readonly own: string | undefined;
}

/** What a store holds of a peer, in the peer's own terms: wire names and versions. */
export class StoredVersions {
  private readonly known = new WeakMap<Resource, string>();
  /** Kind to wire name: refused resources, and forms that do not come back from the store as they were sent. */
  private readonly explained = new Map<string, Map<string, Explained>>();

  constructor(private readonly options: StoredVersionsOptions) {}

  /** Versions by wire name of what is in the peer's scope, less what is held. */
  of(kind: string, stored: Iterable<Resource>): Map<string, string> {
    const { scope, record } = this.options;
    const versions = new Map<string, string>();
    for (const resource of stored) {
      if (!inScope(resource, scope)) continue;
      const name = senderName(resource, scope);
      if (!record.isHeld(kind, name)) versions.set(name, this.version(resource, name));
    }
    return versions;
  }

  /** SetDigest of the same, where what is explained counts as the peer sent it. */
  digest(kind: string, stored: Iterable<Resource>): string {
    const versions = this.of(kind, stored);
    for (const [name, { own, offered }] of this.explained.get(kind) ?? []) if (versions.get(name) === own) versions.set(name, offered);
    const digest = new SetDigest();
    for (const version of versions.values()) digest.add(version);
    return digest.text;
  }

  /** Explains why a resource that was sent is not, or not so, in the store. */
  explain(kind: string, name: string, { offered, stored }: { offered: string; stored: Resource | undefined }): void {
    const ofKind = this.explained.get(kind) ?? new Map<string, Explained>();
    this.explained.set(kind, ofKind);
    const own = stored && inScope(stored, this.options.scope) ? this.version(stored, name) : undefined;
    if (own === offered) ofKind.delete(name);
    else ofKind.set(name, { offered, own });
  }

  /** The peer said something new of a name. */
  forget(kind: string, name: string): void {
    this.explained.get(kind)?.delete(name);
  }

  private version(resource: Resource, name: string): string {
    let version = this.known.get(resource);
    if (version === undefined) this.known.set(resource, (version = this.encodedVersion(resource, name)));
    return version;
  }

  private encodedVersion(resource: Resource, name: string): string {
    const { registry, scope } = this.options;
    const descriptor = registry.mustGet(resource.kind);
    const zero = descriptor.zeroStatus ?? {};
    const status = descriptor.hasStatus ? { status: scope.at === 'zone' ? zero : (resource.status ?? zero) } : {};
    const { mesh, labels } = resource.meta;
    try {
      return toEncodedResource({ name: parseWireName(name)?.name ?? name, mesh, labels, spec: resource.spec, ...status }, descriptor)
        .version;
    } catch {
      // Stored in a form that cannot be encoded: any other version makes the peer send it again.
      return 'unknown';
    }
  }
}
