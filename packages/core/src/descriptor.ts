import type { z } from 'zod';
import type { JsonObject, Resource } from './resource.js';
import type { Violations } from './violations.js';

export type Scope = 'Global' | 'Mesh';

/** Which control planes take a `PUT` or `DELETE` of a kind (contract/rest-api.md §2.1, column W). A zone without a global always does. */
export interface WriteRule {
  readonly global: boolean;
  readonly federatedZone: boolean;
  /** Kept by the control plane itself: no write through the API anywhere. */
  readonly never?: boolean;
}

/** Directions of a kind in KDS (contract/kds.md §3). */
export interface KdsRule {
  readonly globalToZone: boolean;
  readonly zoneToGlobal: boolean;
  /** Zone-origin objects are handed to other zones: always, or only those of role producer. */
  readonly crossZone?: 'always' | 'producer';
  /** The name travels unchanged from global to zone (Mesh, Secret, GlobalSecret, Config). */
  readonly skipHash?: boolean;
}

/** What makes a kind a policy, for `/policies`, `/_resources` and the matcher. */
export interface PolicyInfo {
  /** Plugin policies choose proxies by targetRef; legacy ones by sources/destinations/selectors. */
  readonly isTargetRef: boolean;
  readonly hasFrom?: boolean;
  readonly hasTo?: boolean;
  readonly hasRules?: boolean;
  readonly fromAsRules?: boolean;
  /** `kumactl inspect <kind>` exists. */
  readonly inspectable?: boolean;
}

/** Facts that validation may look at beyond the document itself. */
export interface ValidationContext {
  readonly name: string;
  readonly mesh: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A document after old forms were brought to the present one. */
export interface Normalized {
  readonly document: JsonObject;
  /** One line per old form found: what it was and what to write instead. */
  readonly warnings: readonly string[];
}

/**
 * Everything the system knows of a kind. REST paths, CLI names, KDS, storage, validation,
 * defaults and OpenAPI are all read from here; there is no `switch` over kinds elsewhere.
 */
export interface ResourceDescriptor<Spec = JsonObject> {
  readonly kind: string;
  readonly scope: Scope;
  /** `legacy`: spec fields stand at the top level of the document. `plugin`: under `spec`. */
  readonly shape: 'legacy' | 'plugin';
  /** KDS form of the spec: a protobuf message by its full name, or JSON (contract/kds.md §2). */
  readonly wire: { readonly proto: string } | 'json';
  /** REST collection below `/` or `/meshes/{mesh}/`, and its other spellings. Absent: no REST path (Config). */
  readonly path?: string;
  readonly pathAliases?: readonly string[];
  /** kumactl arguments. Absent: no kumactl command. */
  readonly cli?: { readonly singular: string; readonly plural: string; readonly aliases?: readonly string[] };
  /** Short name in KRIs. Absent: the kind has no KRI. */
  readonly shortName?: string;
  readonly displayName: { readonly singular: string; readonly plural: string };
  readonly write: WriteRule;
  readonly kds: KdsRule;
  /** Reading needs the admin role too (Secret, GlobalSecret). */
  readonly adminOnly?: boolean;
  readonly hasStatus?: boolean;
  /** Status of a resource that has none yet; `{}` unless said. */
  readonly zeroStatus?: JsonObject;
  /** A read-only companion `<Kind>Insight`; gives `_overview` endpoints. */
  readonly insightKind?: string;
  /** Other paths of the overview list (`dataplanes+insights`). */
  readonly overviewAliases?: readonly string[];
  /** The kind is itself an insight. */
  readonly isInsight?: boolean;
  /** The kind is a proxy: sidecar, zone ingress or zone egress. */
  readonly isProxy?: boolean;
  /** Destinations of traffic with SNIs. */
  readonly isDestination?: boolean;
  /** Ports of a destination, each with the section of its SNI: its name, else its number. */
  destinationPorts?(spec: Spec): readonly { readonly port: number; readonly section: string }[];
  readonly policy?: PolicyInfo;
  /** Longest allowed name; 253 unless said. */
  readonly nameLengthMax?: number;
  /** Shape of the spec. Unknown fields are dropped, as Kuma does (contract/policies.md §0). */
  readonly schema: z.ZodType<Spec>;
  /** Brings documents of Kuma 0.2-2.5 to the present form, before the schema sees them. */
  normalize?(document: JsonObject): Normalized;
  /** Adds every broken rule to `violations` (rooted at the document for legacy kinds, at `spec` for plugin kinds). */
  validate?(spec: Spec, violations: Violations, context: ValidationContext): void;
  /** Deprecations of an accepted document, returned as `warnings` by a `PUT`. */
  deprecations?(spec: Spec, context: ValidationContext): readonly string[];
  /** Fills what the user left out, after validation and before the write. */
  defaults?(spec: Spec): Spec;
  /** Labels the control plane derives from the resource itself (kuma.io/proxy-type). */
  computedLabels?(spec: Spec): Readonly<Record<string, string>>;
  /** Extra columns of the `kumactl get` table, between NAME and AGE. */
  readonly columns?: readonly { readonly header: string; value(resource: Resource<Spec>): string }[];
}

/** A descriptor whose spec type is not known, as held by registries. */
// biome-ignore lint/suspicious/noExplicitAny: a registry holds descriptors of many spec types
export type AnyDescriptor = ResourceDescriptor<any>;

/** Fixes the spec type of a descriptor from its schema. */
export function defineKind<Spec>(descriptor: ResourceDescriptor<Spec>): ResourceDescriptor<Spec> {
  return descriptor;
}

/** All kinds of one deployment; a duplicate kind or path stops the start. */
export class DescriptorRegistry {
  private readonly byKind = new Map<string, AnyDescriptor>();
  private readonly byPath = new Map<string, AnyDescriptor>();
  private readonly byCliName = new Map<string, AnyDescriptor>();
  private readonly byShortName = new Map<string, AnyDescriptor>();

  constructor(descriptors: readonly AnyDescriptor[]) {
    for (const d of descriptors) {
      claim(this.byKind, d, { what: 'kind', name: d.kind });
      for (const path of [d.path, ...(d.pathAliases ?? [])]) {
        if (path !== undefined) claim(this.byPath, d, { what: 'path', name: `${d.scope}/${path}` });
      }
      if (d.cli) {
        for (const name of new Set([d.cli.singular, d.cli.plural, ...(d.cli.aliases ?? [])]))
          claim(this.byCliName, d, { what: 'CLI name', name });
      }
      if (d.shortName) claim(this.byShortName, d, { what: 'short name', name: d.shortName });
    }
  }

  get(kind: string): AnyDescriptor | undefined {
    return this.byKind.get(kind);
  }

  /** The descriptor of a kind the caller knows to exist; throws where it does not. */
  mustGet(kind: string): AnyDescriptor {
    const found = this.byKind.get(kind);
    if (!found) throw new Error(`unknown kind ${kind}`);
    return found;
  }

  findByPath(scope: Scope, path: string): AnyDescriptor | undefined {
    return this.byPath.get(`${scope}/${path}`);
  }

  findByCliName(name: string): AnyDescriptor | undefined {
    return this.byCliName.get(name);
  }

  findByShortName(shortName: string): AnyDescriptor | undefined {
    return this.byShortName.get(shortName);
  }

  /** All descriptors, in the order they were given. */
  get all(): readonly AnyDescriptor[] {
    return [...this.byKind.values()];
  }
}

function claim(map: Map<string, AnyDescriptor>, d: AnyDescriptor, { what, name }: { what: string; name: string }): void {
  const other = map.get(name);
  if (other) throw new Error(`${what} "${name}" is claimed by ${other.kind} and ${d.kind}`);
  map.set(name, d);
}
