/** A kind as `GET /_resources` describes it. */
export interface ResourceType {
  readonly name: string;
  readonly path: string;
  readonly scope: 'Mesh' | 'Global';
  readonly includeInFederation: boolean;
  readonly policy?: { readonly isTargetRef?: boolean };
}

const ADMIN_ONLY = new Set(['Secret', 'GlobalSecret']);
const DATAPLANES = new Set(['Dataplane', 'DataplaneInsight']);

/** Whether the kinds of a profile are those a zone hands over to a global control plane when it joins one. */
export interface Profile {
  readonly federation: boolean;
  includes(type: ResourceType): boolean;
}

/** Insights are written by control planes only: no apply could bring them back. */
const isWritable = ({ name }: ResourceType): boolean => !name.endsWith('Insight');

/** The profiles of `kumactl export` (contract/rest-api.md §5). */
export const PROFILES: Readonly<Record<string, Profile>> = {
  all: { federation: false, includes: isWritable },
  federation: {
    federation: true,
    includes: (type) => type.includeInFederation && isWritable(type) && !type.policy?.isTargetRef && type.name !== 'MeshGateway',
  },
  'federation-with-policies': { federation: true, includes: (type) => type.includeInFederation && isWritable(type) },
  'no-dataplanes': { federation: false, includes: (type) => isWritable(type) && !DATAPLANES.has(type.name) },
};

/** Kinds in the order of an export: meshes, their secrets, everything else by name, secrets of the whole control plane. */
export function kindsOf(profile: Profile, types: readonly ResourceType[], includeAdmin: boolean): ResourceType[] {
  const place = ({ name }: ResourceType): number =>
    ['Mesh', 'Secret', '', 'GlobalSecret'].indexOf(ADMIN_ONLY.has(name) || name === 'Mesh' ? name : '');
  return types
    .filter((type) => profile.includes(type) && (profile.federation || includeAdmin || !ADMIN_ONLY.has(type.name)))
    .sort((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
}
