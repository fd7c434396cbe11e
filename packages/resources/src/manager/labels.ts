import {
  type AnyDescriptor,
  LABEL_DISPLAY_NAME,
  LABEL_ENV,
  LABEL_MESH,
  LABEL_ORIGIN,
  LABEL_WORKLOAD,
  LABEL_ZONE,
  ORIGIN_GLOBAL,
  ORIGIN_ZONE,
  type Resource,
  type ResourceDraft,
  type Violations,
} from '@mesh/core';
import type { ControlPlaneFacts } from './facts.js';
import { isZoneOwnable } from './guards.js';

type Labels = Readonly<Record<string, string>>;

const IMMUTABLE = [LABEL_ORIGIN, LABEL_ZONE, LABEL_DISPLAY_NAME];

export interface LabelContext {
  readonly descriptor: AnyDescriptor;
  readonly facts: ControlPlaneFacts;
  readonly before: Resource | undefined;
}

/** Reports labels the control plane cannot let pass: of another zone or mesh, or changed ones that never change. */
export function checkLabels(draft: ResourceDraft, context: LabelContext, at: Violations): void {
  const labels = draft.labels ?? {};
  const { facts, before, descriptor } = context;
  if (facts.mode === 'zone' && labels[LABEL_ORIGIN] !== ORIGIN_GLOBAL) {
    const zone = labels[LABEL_ZONE];
    if (zone !== undefined && zone !== facts.zone) at.key(LABEL_ZONE).add(`must be the zone of this control plane, "${facts.zone}"`);
    const mesh = labels[LABEL_MESH];
    if (descriptor.scope === 'Mesh' && mesh !== undefined && mesh !== draft.mesh)
      at.key(LABEL_MESH).add(`must be the mesh of the resource, "${draft.mesh}"`);
  }
  if (facts.mode === 'global' && descriptor.kind === 'Dataplane' && labels[LABEL_WORKLOAD] !== undefined && !before) {
    at.key(LABEL_WORKLOAD).add('must not be set on a global control plane');
  }
  for (const label of IMMUTABLE) {
    const stored = before?.meta.labels[label];
    const given = labels[label];
    if (before && given !== undefined && given !== (stored ?? computed(draft, context)[label] ?? given)) {
      at.key(label).add(`is immutable, cannot be changed from "${stored ?? ''}" to "${given}"`);
    }
  }
}

/** The labels to store: what the user gave, what never changes, and what the control plane derives. Given ones win. */
export function labelsFor(draft: ResourceDraft, context: LabelContext): Labels {
  const kept = Object.fromEntries(IMMUTABLE.flatMap((label) => entryOf(context.before?.meta.labels, label)));
  const given = { ...kept, ...draft.labels };
  return { ...computed({ ...draft, labels: given }, context), ...given };
}

function computed(draft: ResourceDraft, { descriptor, facts }: LabelContext): Labels {
  const labels: Record<string, string> = {};
  if (descriptor.scope === 'Mesh') labels[LABEL_MESH] = draft.mesh;
  if (facts.mode === 'zone' && isZoneOwnable(descriptor)) {
    labels[LABEL_ORIGIN] = ORIGIN_ZONE;
    if (draft.labels?.[LABEL_ORIGIN] !== ORIGIN_GLOBAL) {
      labels[LABEL_ZONE] = facts.zone;
      labels[LABEL_ENV] = facts.environment;
    }
  }
  return { ...labels, ...descriptor.computedLabels?.(draft.spec) };
}

function entryOf(labels: Labels | undefined, label: string): [string, string][] {
  const value = labels?.[label];
  return value === undefined ? [] : [[label, value]];
}
