import { create } from '@bufbuild/protobuf';
import { MeshError, messageOf, type ProxyAdminRequest } from '@mesh/core';
import {
  AdminOutputFormat,
  type ClustersRequest,
  type ClustersResponse,
  ClustersResponseSchema,
  type StatsRequest,
  type StatsResponse,
  StatsResponseSchema,
  type XDSConfigRequest,
  type XDSConfigResponse,
  XDSConfigResponseSchema,
} from '@mesh/proto/kuma/mesh/v1alpha1/kds_pb.js';

/** Answers later than this are dropped: a Kuma global ends the stream over an id it has forgotten. */
const ANSWER_WITHIN_MS = 10_000;
const KINDS: ReadonlySet<string> = new Set(['Dataplane', 'ZoneIngress', 'ZoneEgress']);

/** How a zone asks one of its proxies; `name` is the display name. */
export type ProxyAdmin = (request: ProxyAdminRequest) => Promise<Uint8Array>;

/** Answers an XDSConfigRequest; undefined where it is too late. */
export async function answerXdsConfig(request: XDSConfigRequest, admin: ProxyAdmin): Promise<XDSConfigResponse | undefined> {
  const { requestId } = request;
  const result = await ask(admin, () => ({ ...target(request), what: 'xds', format: 'json', includeEds: request.includeEds }));
  if (!result) return undefined;
  return create(XDSConfigResponseSchema, {
    requestId,
    result: 'error' in result ? errorCase(result) : { case: 'config', value: result.bytes },
  });
}

/** Answers a StatsRequest; undefined where it is too late. */
export async function answerStats(request: StatsRequest, admin: ProxyAdmin): Promise<StatsResponse | undefined> {
  const { requestId, format, usedOnly } = request;
  const result = await ask(admin, () => ({ ...target(request), what: 'stats', format: formatOf(format), usedOnly }));
  if (!result) return undefined;
  return create(StatsResponseSchema, { requestId, result: 'error' in result ? errorCase(result) : { case: 'stats', value: result.bytes } });
}

/** Answers a ClustersRequest; undefined where it is too late. */
export async function answerClusters(request: ClustersRequest, admin: ProxyAdmin): Promise<ClustersResponse | undefined> {
  const { requestId, format } = request;
  const result = await ask(admin, () => ({ ...target(request), what: 'clusters', format: formatOf(format) }));
  if (!result) return undefined;
  return create(ClustersResponseSchema, {
    requestId,
    result: 'error' in result ? errorCase(result) : { case: 'clusters', value: result.bytes },
  });
}

type Answer = { readonly bytes: Uint8Array } | { readonly error: string };

async function ask(admin: ProxyAdmin, request: () => ProxyAdminRequest): Promise<Answer | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ANSWER_WITHIN_MS);
  });
  const answer = async (): Promise<Answer> => {
    try {
      return { bytes: await admin(request()) };
    } catch (error) {
      return { error: MeshError.is(error) ? error.public : messageOf(error) };
    }
  };
  try {
    return await Promise.race([answer(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function errorCase(answer: { readonly error: string }): { case: 'error'; value: string } {
  return { case: 'error', value: answer.error };
}

function target(request: {
  resourceType: string;
  resourceName: string;
  resourceMesh: string;
}): Pick<ProxyAdminRequest, 'kind' | 'mesh' | 'name'> {
  if (!KINDS.has(request.resourceType)) throw new MeshError('bad_request', { public: `${request.resourceType} is no proxy` });
  return { kind: request.resourceType as ProxyAdminRequest['kind'], mesh: request.resourceMesh, name: request.resourceName };
}

function formatOf(format: AdminOutputFormat): 'text' | 'json' {
  return format === AdminOutputFormat.JSON ? 'json' : 'text';
}
