import type { JsonObject } from '@mesh/core';
import { ResourceBuilder } from './resource-builder.js';

/** The parts of a Mesh's spec that the builder sets. */
export interface BuiltMesh {
  mtls?: {
    enabledBackend?: string;
    backends?: {
      name?: string;
      type?: string;
      mode?: 'STRICT' | 'PERMISSIVE';
      conf?: JsonObject;
      dpCert?: { rotation?: { expiration?: string } };
    }[];
  };
  routing?: { localityAwareLoadBalancing?: boolean; zoneEgress?: boolean; defaultForbidMeshExternalServiceAccess?: boolean };
  networking?: { outbound?: { passthrough?: boolean } };
  constraints?: {
    dataplaneProxy?: { requirements?: { tags?: Record<string, string> }[]; restrictions?: { tags?: Record<string, string> }[] };
  };
  skipCreatingInitialPolicies?: string[];
  meshServices?: { mode?: 'Disabled' | 'Everywhere' | 'ReachableBackends' | 'Exclusive' };
}

/** Builds a Mesh without mTLS. */
export class MeshBuilder extends ResourceBuilder<BuiltMesh> {
  /** Turns mTLS on with a builtin CA. */
  mtls(backend = 'ca-1', mode?: 'STRICT' | 'PERMISSIVE'): this {
    this.spec.mtls = { enabledBackend: backend, backends: [{ name: backend, type: 'builtin', ...(mode ? { mode } : {}) }] };
    return this;
  }

  /** Turns mTLS on with a CA whose certificate and key are secrets of the mesh. */
  providedMtls(backend: string, secrets: { cert: string; key: string }): this {
    const conf = { cert: { secret: secrets.cert }, key: { secret: secrets.key } };
    this.spec.mtls = { enabledBackend: backend, backends: [{ name: backend, type: 'provided', conf }] };
    return this;
  }

  zoneEgress(): this {
    this.spec.routing = { ...this.spec.routing, zoneEgress: true };
    return this;
  }

  localityAware(): this {
    this.spec.routing = { ...this.spec.routing, localityAwareLoadBalancing: true };
    return this;
  }

  /** Whether applications may reach destinations the mesh does not know. */
  passthrough(allowed: boolean): this {
    this.spec.networking = { outbound: { passthrough: allowed } };
    return this;
  }
}

/** A Mesh. */
export function mesh(name = 'default'): MeshBuilder {
  return new MeshBuilder({ kind: 'Mesh', mesh: '', name }, {});
}
