import { TARGET_REF_ORDER, type TargetRef, type TargetRefKind, type Violations } from '@mesh/core';
import { z } from 'zod';

const KINDS = Object.keys(TARGET_REF_ORDER) as [TargetRefKind, ...TargetRefKind[]];

/** Shape of a targetRef (contract/policies.md §2.1). */
export const targetRefSchema = z.object({
  /** Kind of what is referred to. */
  kind: z.enum(KINDS),
  name: z.string().optional(),
  namespace: z.string().optional(),
  /** Labels of the resource; an alternative to `name`. */
  labels: z.record(z.string(), z.string()).optional(),
  /** Tags of a subset. */
  tags: z.record(z.string(), z.string()).optional(),
  /** Reserved. */
  mesh: z.string().optional(),
  /** Limits `Mesh` and `MeshSubset` to kinds of proxies. */
  proxyTypes: z.array(z.enum(['Sidecar', 'Gateway'])).optional(),
  /** A port or inbound by name or number. */
  sectionName: z.string().optional(),
});

export interface TargetRefRules {
  /** Kinds allowed at this place. */
  readonly kinds: readonly TargetRefKind[];
  /** `sectionName` of a Dataplane: only where inbounds are configured. */
  readonly sectionName?: boolean;
  /** False where the policy cannot tell listeners of a gateway apart, so that a MeshGateway has no tags. */
  readonly gatewayTags?: boolean;
}

/** Kinds at the top of policies that know no gateways. */
export const TOP_KINDS: readonly TargetRefKind[] = ['Mesh', 'MeshSubset', 'MeshService', 'MeshServiceSubset', 'Dataplane'];
export const TOP_KINDS_WITH_GATEWAY: readonly TargetRefKind[] = [...TOP_KINDS, 'MeshGateway'];

type Field = 'name' | 'namespace' | 'labels' | 'tags' | 'mesh' | 'proxyTypes' | 'sectionName';

const ALLOWED: Readonly<Record<TargetRefKind, readonly Field[]>> = {
  Mesh: ['proxyTypes'],
  Dataplane: ['name', 'namespace', 'labels', 'sectionName'],
  MeshSubset: ['tags', 'proxyTypes'],
  MeshService: ['name', 'namespace', 'labels', 'sectionName'],
  MeshServiceSubset: ['name', 'tags'],
  MeshGateway: ['name', 'tags'],
  MeshExternalService: ['name', 'namespace', 'labels'],
  MeshMultiZoneService: ['name', 'namespace', 'labels', 'sectionName'],
  MeshHTTPRoute: ['name', 'namespace', 'labels'],
};

const FIELDS: readonly Field[] = ['name', 'namespace', 'labels', 'tags', 'mesh', 'proxyTypes', 'sectionName'];
const NAMED: ReadonlySet<TargetRefKind> = new Set(['MeshServiceSubset', 'MeshGateway']);
const NAME_OR_LABELS: ReadonlySet<TargetRefKind> = new Set(['MeshService', 'MeshExternalService', 'MeshHTTPRoute']);

/** Reports everything wrong with a targetRef; `at` is the field that holds it. */
export function checkTargetRef(ref: TargetRef | undefined, rules: TargetRefRules, at: Violations): void {
  if (!ref) return;
  if (!rules.kinds.includes(ref.kind)) {
    at.field('kind').add(`value '${ref.kind}' is not supported`);
    return;
  }
  for (const field of FIELDS) {
    if (ref[field] === undefined || isEmpty(ref[field])) continue;
    if (field === 'sectionName' && ref.kind === 'Dataplane' && !rules.sectionName)
      at.field(field).add('can only be used with inbound policies');
    else if (!ALLOWED[ref.kind].includes(field) || (field === 'tags' && ref.kind === 'MeshGateway' && rules.gatewayTags === false))
      at.field(field).add(
        field === 'name' ? `using name with kind ${ref.kind} is not yet supported` : `must not be set with kind ${ref.kind}`,
      );
  }
  checkName(ref, at);
  if (ref.proxyTypes?.length === 0) at.field('proxyTypes').add('must be undefined or have at least one element');
}

/** A map without entries says nothing. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

function checkName(ref: TargetRef, at: Violations): void {
  const hasLabels = ref.labels !== undefined && Object.keys(ref.labels).length > 0;
  if (NAMED.has(ref.kind) && !ref.name) at.field('name').add(`must be set with kind ${ref.kind}`);
  if (NAME_OR_LABELS.has(ref.kind) && !ref.name && !hasLabels) at.add(`name or labels must be set when kind is ${ref.kind}`);
  if (ref.name && hasLabels) at.field('labels').add('either labels or name and namespace must be specified');
  if (ref.namespace && !ref.name) at.field('name').add('must be set when namespace is set');
  if (ref.name && !/^[0-9a-z.\-_]+$/.test(ref.name)) {
    at.field('name').add("invalid characters: must consist of lower case alphanumeric characters, '-', '.' and '_'.");
  }
}

/** Warnings for kinds at the top that have a successor (contract/policies.md §2.1). */
export function topKindDeprecations(ref: TargetRef | undefined): string[] {
  if (ref?.kind === 'MeshSubset' || ref?.kind === 'MeshService' || ref?.kind === 'MeshServiceSubset') {
    return [`${ref.kind} value for 'targetRef.kind' is deprecated, use Dataplane with labels instead`];
  }
  if (ref?.kind === 'MeshHTTPRoute') return ["MeshHTTPRoute value for 'targetRef.kind' is deprecated, use it in 'to' instead"];
  return [];
}

/** What a user of `from` is told. */
export const FROM_DEPRECATED = "'from' field is deprecated, use 'rules' instead";

/** True where a policy can reach gateways: those it chooses may be some. */
export function mayChooseGateways(ref: TargetRef | undefined): boolean {
  if (ref === undefined) return true;
  if (ref.kind === 'MeshGateway' || ref.kind === 'MeshHTTPRoute') return true;
  return (ref.kind === 'Mesh' || ref.kind === 'MeshSubset') && (ref.proxyTypes === undefined || ref.proxyTypes.includes('Gateway'));
}

/** What is said of `from` in a policy that gateways would fall under: those have no inbounds. */
export const NOT_FOR_GATEWAYS =
  'must not be defined when the scope includes a Gateway, select only proxyType Sidecar or select only gateways and use spec.to';
