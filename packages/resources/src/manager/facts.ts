import type { Mutation, Resource } from '@mesh/core';
import type { MeshSpec } from '../specs/index.js';

/** What the write rules must know of the control plane that applies them. */
export interface ControlPlaneFacts {
  readonly mode: 'global' | 'zone';
  /** Name of the zone; empty on a global. */
  readonly zone: string;
  /** Zone with a global. */
  readonly federated: boolean;
  readonly environment: 'universal' | 'kubernetes';
  /** Refuses every write through the API. */
  readonly readOnly?: boolean;
  /** Skips the checks that something is still in use (`store.unsafeDelete`). */
  readonly unsafeDelete?: boolean;
  /** `multizone.zone.disableOriginLabelValidation`. */
  readonly disableOriginLabelValidation?: boolean;
}

/** A Mesh about to be written. */
export interface MeshChange {
  readonly name: string;
  readonly spec: MeshSpec;
  /** The Mesh as stored; absent on create. */
  readonly before?: Resource<MeshSpec>;
}

/**
 * Adds what must come with a Mesh (CA secrets, signing keys, default policies); the mutations
 * are part of its transaction, after the Mesh itself. Throws `invalid` to refuse the Mesh.
 */
export type MeshHook = (change: MeshChange) => Promise<readonly Mutation[]>;
