import {
  type AnyDescriptor,
  type JsonObject,
  LABEL_DELETION_GRACE_PERIOD,
  LABEL_DISPLAY_NAME,
  LABEL_ORIGIN,
  LABEL_ZONE,
  ORIGIN_ZONE,
  type Resource,
} from '@mesh/core';
import type { WireResource } from './codec.js';
import { dropLabels, isSyncDisabled } from './kinds.js';
import { hashedNameOf } from './names.js';

/** Whether a resource of a zone's store goes up to the global: made here, and not kept back by its label. */
export function goesToGlobal(resource: Resource, descriptor: AnyDescriptor): boolean {
  const origin = resource.meta.labels[LABEL_ORIGIN];
  return descriptor.kds.zoneToGlobal && !isSyncDisabled(resource) && (origin === undefined || origin === '' || origin === ORIGIN_ZONE);
}

/** Who sends, and which labels it keeps to itself. */
export interface MapToGlobalOptions {
  readonly zone: string;
  readonly skipPrefixes: readonly string[];
}

/** The form in which the global gets a resource of a zone: zone labels, hashed name, no liveness counters. */
export function mapToGlobal(resource: Resource, descriptor: AnyDescriptor, options: MapToGlobalOptions): WireResource {
  const own: Record<string, string> = { ...resource.meta.labels, [LABEL_ORIGIN]: ORIGIN_ZONE, [LABEL_ZONE]: options.zone };
  delete own[LABEL_DELETION_GRACE_PERIOD];
  const labels = dropLabels(own, options.skipPrefixes);
  const name = hashedNameOf(resource, labels);
  if (!labels[LABEL_DISPLAY_NAME]) labels[LABEL_DISPLAY_NAME] = resource.meta.name;
  const spec = descriptor.isInsight ? withoutGenerations(resource.spec) : resource.spec;
  return {
    name,
    mesh: resource.meta.mesh,
    labels,
    spec,
    ...(descriptor.hasStatus ? { status: resource.status ?? descriptor.zeroStatus ?? {} } : {}),
  };
}

/** `generation` of a subscription moves with time alone; sending it would be traffic about nothing. */
function withoutGenerations(spec: JsonObject): JsonObject {
  const subscriptions = spec['subscriptions'];
  if (!Array.isArray(subscriptions)) return spec;
  return {
    ...spec,
    subscriptions: subscriptions.map((item) => {
      if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
      const { generation: _, ...rest } = item;
      return rest;
    }),
  };
}
