import { LABEL_ZONE, type Resource, type ResourceView } from '@mesh/core';
import type { PolicySource } from '@mesh/policies/matching';
import type { DataplaneSpec, MeshSpec } from '@mesh/resources';
import type { SidecarProxy } from '@mesh/xds';
import { inboundsOf } from '@mesh/xds/model';
import { type ApiContext, requireMesh } from '../context.js';
import { notFound } from '../http/errors.js';
import { type ApiRequest, param } from '../http/route.js';

/** A dataplane whose policies are asked for, and where they come from. */
export interface Subject {
  readonly mesh: Resource<MeshSpec>;
  readonly dataplane: Resource<DataplaneSpec>;
  readonly proxy: SidecarProxy;
  readonly source: PolicySource;
  readonly view: ResourceView;
}

/** The dataplane a path names. Throws 404 where it, or its mesh, does not exist. */
export async function subjectOf(context: ApiContext, request: ApiRequest): Promise<Subject> {
  const { view } = context.controlPlane;
  const name = param(request, 'mesh');
  requireMesh(context, name);
  const mesh = view.find<MeshSpec>('Mesh', '', name);
  const dataplane = view.find<DataplaneSpec>('Dataplane', name, param(request, 'name'));
  if (!mesh || !dataplane) throw notFound('Could not retrieve Dataplane');
  const { zone } = await context.info();
  return { mesh, dataplane, proxy: proxyOf(dataplane, zone), source: policiesOfView(view, name), view };
}

interface GatewaySpec {
  readonly selectors?: readonly { readonly match?: Readonly<Record<string, string>> }[];
}

/** The MeshGateway a path names, and a proxy of it as policies would see it. Throws 404 where it, or its mesh, does not exist. */
export async function gatewayOf(context: ApiContext, request: ApiRequest): Promise<{ gateway: Resource<unknown>; subject: Subject }> {
  const { view } = context.controlPlane;
  const name = param(request, 'mesh');
  requireMesh(context, name);
  const mesh = view.find<MeshSpec>('Mesh', '', name);
  const gateway = view.find<GatewaySpec>('MeshGateway', name, param(request, 'name'));
  if (!mesh || !gateway) throw notFound('Could not retrieve MeshGateway');
  const { zone } = await context.info();
  const tags = gateway.spec.selectors?.[0]?.match ?? {};
  const dataplane = { kind: 'Dataplane', meta: gateway.meta, spec: { networking: { gateway: { type: 'BUILTIN' as const, tags } } } };
  return { gateway, subject: { mesh, dataplane, proxy: proxyOf(dataplane, zone), source: policiesOfView(view, name), view } };
}

/** A dataplane, as policies see it. @param zone of this control plane, for dataplanes that do not say theirs. */
export function proxyOf(dataplane: Resource<DataplaneSpec>, zone: string): SidecarProxy {
  return {
    dataplane,
    zone: dataplane.meta.labels[LABEL_ZONE] || zone,
    inbounds: inboundsOf(dataplane),
    isGateway: dataplane.spec.networking?.gateway !== undefined,
  };
}

/** The policies of a mesh as the view has them now. */
export function policiesOfView(view: ResourceView, mesh: string): PolicySource {
  return sourceOf((kind) => view.listSorted(kind, mesh));
}

/** One policy and no other. */
export function onlyPolicy(policy: Resource): PolicySource {
  return sourceOf((kind) => (kind === policy.kind ? [policy] : []));
}

function sourceOf(list: (kind: string) => readonly Resource[]): PolicySource {
  const memory = new Map<string, unknown>();
  return {
    policies: <Spec>(kind: string) => [...list(kind)] as unknown as Resource<Spec>[],
    idOf: ({ meta }) => `${meta.name}/${meta.version}`,
    memo: <T>(key: string, compute: () => T): T => {
      if (!memory.has(key)) memory.set(key, compute());
      return memory.get(key) as T;
    },
  };
}

/** Whether services of a mesh are MeshService resources alone. */
export function isExclusive(mesh: Resource<MeshSpec>): boolean {
  return mesh.spec.meshServices?.mode === 'Exclusive';
}
