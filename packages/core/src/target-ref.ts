/** A reference from a policy to what it selects (contract/policies.md §2.1). */
export type TargetRefKind =
  | 'Mesh'
  | 'Dataplane'
  | 'MeshSubset'
  | 'MeshGateway'
  | 'MeshService'
  | 'MeshExternalService'
  | 'MeshMultiZoneService'
  | 'MeshServiceSubset'
  | 'MeshHTTPRoute';

export interface TargetRef {
  kind: TargetRefKind;
  name?: string;
  namespace?: string;
  labels?: Record<string, string>;
  tags?: Record<string, string>;
  mesh?: string;
  proxyTypes?: ('Sidecar' | 'Gateway')[];
  sectionName?: string;
}

/** Weak to strong: the order in which policies override each other (contract/policies.md §2.1). */
export const TARGET_REF_ORDER: Readonly<Record<TargetRefKind, number>> = {
  Mesh: 1,
  Dataplane: 2,
  MeshSubset: 3,
  MeshGateway: 4,
  MeshService: 5,
  MeshExternalService: 6,
  MeshMultiZoneService: 7,
  MeshServiceSubset: 8,
  MeshHTTPRoute: 9,
};
