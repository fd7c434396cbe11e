import { type AnyDescriptor, LABEL_ORIGIN, MeshError, ORIGIN_GLOBAL, ORIGIN_ZONE, type Resource, type Violations } from '@mesh/core';
import type { ControlPlaneFacts } from './facts.js';

/** Throws `read_only` where this control plane takes no writes of the kind (contract/rest-api.md §2.1, column W). */
export function checkWritable(descriptor: AnyDescriptor, facts: ControlPlaneFacts): void {
  const reason = readOnlyReason(descriptor, facts);
  if (reason !== undefined) throw new MeshError('read_only', { public: reason });
}

function readOnlyReason({ kind, write }: AnyDescriptor, facts: ControlPlaneFacts): string | undefined {
  if (facts.readOnly) return 'This control plane is read-only: it was started with apiServer.readOnly.';
  if (write.never) return `${kind} is kept by the control plane itself and cannot be written through the API.`;
  if (facts.mode === 'global' && !write.global) {
    return `${kind} belongs to a zone: a global control plane does not take it. Send it to the control plane of its zone.`;
  }
  if (facts.federated && !write.federatedZone) {
    return `${kind} belongs to the global control plane: a zone only keeps a copy. Send it to the global control plane.`;
  }
  return undefined;
}

/** Whether a zone may own objects of the kind: those get the labels of their origin. */
export function isZoneOwnable({ write }: AnyDescriptor): boolean {
  return write.federatedZone;
}

interface OriginCheck {
  readonly descriptor: AnyDescriptor;
  readonly facts: ControlPlaneFacts;
  /** Labels the caller sent; absent on delete. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly before: Resource | undefined;
}

/** Reports a write to something that belongs to another control plane (contract/kds.md §3). */
export function checkOrigin({ descriptor, facts, labels, before }: OriginCheck, at: Violations): void {
  const stored = before?.meta.labels[LABEL_ORIGIN];
  if (facts.mode === 'global') {
    const foreign = [stored, labels?.[LABEL_ORIGIN]].some((origin) => origin !== undefined && origin !== ORIGIN_GLOBAL);
    if (foreign) at.add("the origin label must be set to 'global'");
    return;
  }
  if (!facts.federated || facts.disableOriginLabelValidation) return;
  const sent = labels === undefined ? stored : labels[LABEL_ORIGIN];
  const mustSay = descriptor.shape === 'plugin';
  if (stored === ORIGIN_GLOBAL || (mustSay && sent !== ORIGIN_ZONE)) at.add("the origin label must be set to 'zone'");
}
