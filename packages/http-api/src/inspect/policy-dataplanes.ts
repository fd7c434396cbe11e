import { setImmediate as nextTurn } from 'node:timers/promises';
import { type AnyDescriptor, displayNameOf, type JsonObject, type Resource } from '@mesh/core';
import { type DataplaneSpec } from '@mesh/resources';
import { containsTags } from '@mesh/xds/model';
import { type ApiContext, requireMesh } from '../context.js';
import { json } from '../http/answer.js';
import { notFound } from '../http/errors.js';
import { type ApiRequest, handler, param, type Route } from '../http/route.js';
import { readCommonFilter, readPage } from '../resources/list-query.js';
import { type Attachment, attachmentsOf } from './attachments.js';
import { INSPECT_DOCS } from './docs.js';
import { metaOf } from './print.js';
import { onlyPolicy, proxyOf } from './subject.js';

const TITLE = 'Could not retrieve dataplanes';
/** After so many dataplanes other requests get their turn. */
const DATAPLANES_PER_TURN = 250;

/** Which dataplanes a policy, or a MeshService, is for (contract/rest-api.md §3). */
export function policyDataplaneRoutes(context: ApiContext, descriptor: AnyDescriptor): Route[] {
  const item = `/meshes/{mesh}/${descriptor.path}/{name}`;
  const produces = ['application/json'];
  if (descriptor.kind === 'MeshService') {
    const ofService = handler(TITLE, async (request) => json(page(request, serviceDataplanes(context, request))));
    return ['_resources/dataplanes', '_dataplanes'].map((tail) => {
      return {
        template: `${item}/${tail}`,
        produces,
        docs: { GET: INSPECT_DOCS.dataplanesOf(descriptor, tail) },
        methods: { GET: ofService },
      };
    });
  }
  if (!descriptor.policy) return [];
  const now = handler(TITLE, async (request) => {
    const found = await attachedDataplanes(context, descriptor, request);
    return json(
      await page(
        request,
        found.map(({ dataplane }) => dataplane),
      ),
    );
  });
  const old = handler(TITLE, async (request) => json(legacyList(await attachedDataplanes(context, descriptor, request))));
  // kumactl inspect --new-api asks with a dash.
  const routes: Route[] = ['_resources/dataplanes', '-resources/dataplanes'].map((tail) => {
    return { template: `${item}/${tail}`, produces, docs: { GET: INSPECT_DOCS.dataplanesOf(descriptor, tail) }, methods: { GET: now } };
  });
  if (!descriptor.policy.inspectable) return routes;
  return [
    ...routes,
    { template: `${item}/dataplanes`, produces, docs: { GET: INSPECT_DOCS.attachments(descriptor) }, methods: { GET: old } },
  ];
}

interface Attached {
  readonly dataplane: Resource<DataplaneSpec>;
  readonly attachments: readonly Attachment[];
}

async function attachedDataplanes(context: ApiContext, descriptor: AnyDescriptor, request: ApiRequest): Promise<Attached[]> {
  const { view } = context.controlPlane;
  const mesh = param(request, 'mesh');
  requireMesh(context, mesh);
  const policy = view.find<JsonObject>(descriptor.kind, mesh, param(request, 'name'));
  if (!policy && isOld(request)) return [];
  if (!policy) throw notFound('Could not retrieve policy');
  const source = onlyPolicy(policy);
  const { zone } = await context.info();
  const found: Attached[] = [];
  let turn = 0;
  for (const dataplane of view.listSorted<DataplaneSpec>('Dataplane', mesh)) {
    const attachments = attachmentsOf(descriptor, proxyOf(dataplane, zone), source);
    if (attachments.length > 0) found.push({ dataplane, attachments });
    if (++turn % DATAPLANES_PER_TURN === 0) await nextTurn();
  }
  return found;
}

/** The inspection of old knows no missing policies, only policies without dataplanes. */
function isOld(request: ApiRequest): boolean {
  return !request.template.includes('resources/');
}

/** A page of dataplanes; the last one has no `next` here. */
function page(request: ApiRequest, dataplanes: readonly Resource<unknown>[]): JsonObject {
  const filter = readCommonFilter(request);
  const all = filter ? dataplanes.filter((each) => filter(each as Resource)) : dataplanes;
  const { size, offset } = readPage(request.query);
  const query = new URLSearchParams(request.query);
  query.set('offset', String(offset + size));
  query.sort();
  const body: JsonObject = { items: all.slice(offset, offset + size).map(metaOf) };
  if (offset + size < all.length) body.next = `${request.baseUrl}${request.path}?${query.toString()}`;
  return { ...body, total: all.length };
}

function legacyList(found: readonly Attached[]): JsonObject {
  const items = found.map(({ dataplane: { meta }, attachments }) => ({
    kind: 'SidecarDataplane',
    dataplane: { mesh: meta.mesh, name: meta.name },
    attachments: attachments.map(({ place }) => ({ ...place })),
  }));
  return { total: items.length, items };
}

interface ServiceSelector {
  readonly selector?: {
    readonly dataplaneTags?: Readonly<Record<string, string>>;
    readonly dataplaneRef?: { readonly name?: string };
    readonly dataplaneLabels?: { readonly matchLabels?: Readonly<Record<string, string>> };
  };
}

function serviceDataplanes(context: ApiContext, request: ApiRequest): Resource<unknown>[] {
  const { view } = context.controlPlane;
  const mesh = param(request, 'mesh');
  requireMesh(context, mesh);
  const service = view.find<ServiceSelector>('MeshService', mesh, param(request, 'name'));
  if (!service) throw notFound('Could not retrieve policy');
  const { dataplaneTags, dataplaneRef, dataplaneLabels } = service.spec.selector ?? {};
  return view.listSorted<DataplaneSpec>('Dataplane', mesh).filter((dataplane) => {
    if (dataplaneRef?.name) return dataplane.meta.name === dataplaneRef.name || displayNameOf(dataplane) === dataplaneRef.name;
    if (dataplaneLabels?.matchLabels) return containsTags(dataplane.meta.labels, dataplaneLabels.matchLabels);
    if (!dataplaneTags || Object.keys(dataplaneTags).length === 0) return false;
    return (dataplane.spec.networking?.inbound ?? []).some(({ tags = {} }) => containsTags(tags, dataplaneTags));
  });
}
