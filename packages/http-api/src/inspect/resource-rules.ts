import { displayNameOf, type JsonObject, type Resource, type ResourceView, type TargetRef } from '@mesh/core';
import { containsTags } from '@mesh/xds/model';
import { type AnyPolicy, confOf } from './policy-spec.js';
import { mergeRouteConfs } from './route-conf.js';
import type { Subject } from './subject.js';
import type { RuleOrigin } from './subsets.js';

/** A rule for a destination that is a resource, or for all of a mesh. */
export interface ResourceRule {
  readonly resource: Resource;
  readonly section: string;
  readonly conf: JsonObject;
  readonly origins: readonly RuleOrigin[];
}

/** Destinations that are resources of their own. */
const DESTINATIONS = ['MeshService', 'MeshMultiZoneService', 'MeshExternalService'];
const WHOLE: TargetRef = { kind: 'Mesh' };

interface Target {
  readonly resource: Resource;
  readonly section: string;
}

interface ToEntry {
  readonly conf: JsonObject;
  readonly origin: RuleOrigin;
  readonly targets: readonly Target[];
  /** For all destinations. */
  readonly whole: boolean;
}

/** Rules for destinations; what is said for the whole mesh is a rule of its own, and part of every other. */
export function destinationRules(policies: readonly AnyPolicy[], { mesh, view }: Subject): ResourceRule[] {
  const all = { resource: mesh as unknown as Resource, section: '' };
  const entries = entriesOf(policies, (ref) => (ref.kind === 'Mesh' ? [all] : targetsOf(view, mesh.meta.name, ref)));
  return rulesFor(entries);
}

/** Rules for routes. */
export function routeRules(policies: readonly AnyPolicy[], { mesh, view }: Subject): ResourceRule[] {
  return rulesFor(
    entriesOf(policies, (ref) =>
      ref.kind === 'MeshHTTPRoute' ? resourcesOf(view, mesh.meta.name, ref).map((resource) => ({ resource, section: '' })) : [],
    ).map((entry) => ({ ...entry, whole: false })),
  );
}

function entriesOf(policies: readonly AnyPolicy[], targets: (ref: TargetRef) => readonly Target[]): ToEntry[] {
  return policies.flatMap((policy) =>
    (policy.spec.to ?? []).map((entry, index) => {
      const ref = entry.targetRef ?? WHOLE;
      const origin = { policy: policy as unknown as Resource, index };
      return { conf: confOf(entry), origin, targets: targets(ref), whole: ref.kind === 'Mesh' };
    }),
  );
}

/** One rule per target. An entry without a section is for every section of its resource. */
function rulesFor(entries: readonly ToEntry[]): ResourceRule[] {
  const targets = new Map(entries.flatMap((entry) => entry.targets).map((target) => [keyOf(target), target]));
  return [...targets.values()].map(({ resource, section }) => {
    const keys = [keyOf({ resource, section }), keyOf({ resource, section: '' })];
    const concerning = entries.filter((entry) => entry.whole || entry.targets.some((target) => keys.includes(keyOf(target))));
    const conf = mergeRouteConfs(concerning.map((entry) => entry.conf));
    return { resource, section, conf, origins: concerning.map(({ origin }) => origin) };
  });
}

function keyOf({ resource, section }: Target): string {
  return `${resource.kind}/${resource.meta.name}/${section}`;
}

function targetsOf(view: ResourceView, mesh: string, ref: TargetRef): Target[] {
  if (!DESTINATIONS.includes(ref.kind)) return [];
  return resourcesOf(view, mesh, ref).map((resource) => ({ resource, section: ref.sectionName ?? '' }));
}

/** Resources a reference is for, by name or by labels. */
function resourcesOf(view: ResourceView, mesh: string, ref: TargetRef): Resource[] {
  return view.listSorted(ref.kind, mesh).filter((resource) => {
    if (ref.labels) return containsTags(resource.meta.labels, ref.labels);
    return resource.meta.name === ref.name || displayNameOf(resource) === ref.name;
  });
}
