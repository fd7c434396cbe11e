import { LABEL_FORMER_MESH, MeshError, type Resource, type ResourceDraft, type ResourceView, TAG_SERVICE } from '@mesh/core';
import type { DataplaneSpec, MeshSpec, ZoneEgressSpec, ZoneIngressSpec } from '@mesh/resources';
import type { BootstrapRequest } from './request.js';

export type BootstrapProxyType = 'dataplane' | 'ingress' | 'egress';

/** What the bootstrap says of the proxy itself. */
export interface BootstrapProxy {
  readonly proxyType: BootstrapProxyType;
  /** Empty for zone proxies. */
  readonly mesh: string;
  readonly name: string;
  /** `node.cluster`: the first service, `ingress` or `egress`. */
  readonly cluster: string;
  /** 0: no admin listener. */
  readonly adminPort: number;
  /** Address the proxy itself listens on, for kuma-dp. */
  readonly address: string;
  readonly builtinGateway: boolean;
  /** Unified resource naming: feature and mesh mode both ask for it; zone proxies by the feature alone. */
  readonly unifiedNaming: boolean;
}

export interface ResolveProxyOptions {
  readonly request: BootstrapRequest;
  readonly view: ResourceView;
  readonly defaultAdminPort: number;
  /** Parses and validates an inline resource; throws MeshError `invalid` or `bad_request`. */
  readonly parseInline: (json: string) => ResourceDraft;
}

const KIND_OF_TYPE: Readonly<Record<BootstrapProxyType, string>> = { dataplane: 'Dataplane', ingress: 'ZoneIngress', egress: 'ZoneEgress' };

/**
 * The proxy a bootstrap request is about: its inline resource, else the stored one. Throws
 * `not_found` where there is neither, `invalid` where the inline one breaks a rule, and a plain
 * Error for an unknown proxy type (contract/dataplane.md §1.3).
 */
export function resolveProxy(options: ResolveProxyOptions): BootstrapProxy {
  const { request } = options;
  const proxyType = isFormerDataplane(options) ? 'ingress' : proxyTypeOf(request);
  const resource = request.dataplaneResource === '' ? storedResource(options, proxyType) : inlineResource(options, proxyType);
  const facts =
    proxyType === 'dataplane' ? dataplaneFacts(options, resource.spec as DataplaneSpec) : zoneProxyFacts(options, proxyType, resource.spec);
  return { ...facts, proxyType, mesh: resource.mesh, name: resource.name };
}

type Facts = Omit<BootstrapProxy, 'proxyType' | 'mesh' | 'name'>;

interface FoundResource {
  readonly mesh: string;
  readonly name: string;
  readonly spec: unknown;
}

/** The type of proxy a request is for; throws a plain Error for an unknown one. */
export function proxyTypeOf({ proxyType }: BootstrapRequest): BootstrapProxyType {
  if (proxyType === '') return 'dataplane';
  if (proxyType === 'dataplane' || proxyType === 'ingress' || proxyType === 'egress') return proxyType;
  throw new Error(`unknown proxy type ${JSON.stringify(proxyType)}`);
}

/** A proxy started as the Dataplane that its ZoneIngress was in Kuma 0.6-1.1. */
function isFormerDataplane({ request, view }: ResolveProxyOptions): boolean {
  if (proxyTypeOf(request) !== 'dataplane' || request.dataplaneResource !== '') return false;
  const { mesh, name } = request;
  if (view.get({ kind: 'Dataplane', mesh, name })) return false;
  return view.get({ kind: 'ZoneIngress', mesh: '', name })?.meta.labels[LABEL_FORMER_MESH] === mesh;
}

function storedResource({ request, view }: ResolveProxyOptions, proxyType: BootstrapProxyType): FoundResource {
  const mesh = proxyType === 'dataplane' ? request.mesh : '';
  const found: Resource | undefined = view.get({ kind: KIND_OF_TYPE[proxyType], mesh, name: request.name });
  if (!found) throw new MeshError('not_found', { public: `${KIND_OF_TYPE[proxyType]} ${request.name} is not known` });
  return { mesh, name: found.meta.name, spec: found.spec };
}

function inlineResource({ request, view, parseInline }: ResolveProxyOptions, proxyType: BootstrapProxyType): FoundResource {
  const draft = parseInline(request.dataplaneResource);
  const kind = KIND_OF_TYPE[proxyType];
  const invalid = (field: string, message: string) => new MeshError('invalid', { violations: [{ field, message }] });
  if (draft.kind !== kind) throw invalid('type', `is ${draft.kind}, but a proxy of type ${proxyType} is a ${kind}`);
  if (request.name !== '' && draft.name !== request.name)
    throw invalid('name', `is ${draft.name}, but the proxy is called ${request.name}`);
  if (proxyType !== 'dataplane') return { mesh: '', name: draft.name, spec: draft.spec };
  if (request.mesh !== '' && draft.mesh !== request.mesh)
    throw invalid('mesh', `is ${draft.mesh}, but the proxy is of mesh ${request.mesh}`);
  if (!view.get({ kind: 'Mesh', mesh: '', name: draft.mesh })) {
    throw new MeshError('invalid', { public: `mesh ${JSON.stringify(draft.mesh)} does not exist` });
  }
  const spec = draft.spec as DataplaneSpec;
  if (redirectsOutbound(request) && (spec.networking?.outbound ?? []).length > 0) {
    throw invalid('networking.outbound', 'must be empty where traffic is redirected to the proxy (transparent proxy)');
  }
  return { mesh: draft.mesh, name: draft.name, spec };
}

function redirectsOutbound({ dataplaneConfig }: BootstrapRequest): boolean {
  const config = dataplaneConfig as { redirect?: { outbound?: { enabled?: boolean } } } | null | undefined;
  return config?.redirect?.outbound?.enabled === true;
}

function dataplaneFacts({ request, view, defaultAdminPort }: ResolveProxyOptions, spec: DataplaneSpec): Facts {
  const mesh = view.find<MeshSpec>('Mesh', '', request.mesh)?.spec;
  const { networking } = spec;
  const tagSets = [networking?.gateway?.tags, ...(networking?.inbound ?? []).map((inbound) => inbound.tags)];
  const services = tagSets.flatMap((tags) => tags?.[TAG_SERVICE] ?? []).sort();
  return {
    cluster: services[0] ?? 'unknown',
    adminPort: request.adminPort ?? networking?.admin?.port ?? defaultAdminPort,
    address: networking?.address ?? '',
    builtinGateway: networking?.gateway?.type === 'BUILTIN',
    unifiedNaming: wantsUnifiedNaming(request) && mesh?.meshServices?.mode === 'Exclusive',
  };
}

function zoneProxyFacts({ request, defaultAdminPort }: ResolveProxyOptions, cluster: 'ingress' | 'egress', spec: unknown): Facts {
  const { networking } = spec as ZoneIngressSpec & ZoneEgressSpec;
  return {
    cluster,
    adminPort: request.adminPort ?? networking?.admin?.port ?? defaultAdminPort,
    address: networking?.address ?? '',
    builtinGateway: false,
    unifiedNaming: wantsUnifiedNaming(request),
  };
}

function wantsUnifiedNaming(request: BootstrapRequest): boolean {
  return request.features.includes('feature-unified-resource-naming');
}
