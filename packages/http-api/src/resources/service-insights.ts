import type { JsonObject, Resource } from '@mesh/core';
import { LABEL_DISPLAY_NAME, MeshError } from '@mesh/core';
import type { ServiceInsightService, ServiceInsightSpec } from '@mesh/resources';
import { toDocument } from '@mesh/resources';
import { type ApiContext, requireMesh } from '../context.js';
import { json } from '../http/answer.js';
import { notFound } from '../http/errors.js';
import { type ApiRequest, type Handler, handler, param, type Route } from '../http/route.js';
import { LIST_TITLE, listBody } from './list-query.js';
import { ITEM_TITLE } from './read.js';
import { SERVICE_INSIGHT_DOCS as DOCS } from './service-insight-docs.js';

const KIND = 'ServiceInsight';
const SERVICE_TYPES = ['internal', 'external', 'gateway_builtin', 'gateway_delegated'];

interface Entry {
  readonly insight: Resource<ServiceInsightSpec>;
  readonly name: string;
  readonly service: ServiceInsightService;
}

/** Service insights are stored once per mesh and shown one per service (contract/rest-api.md §3). */
export function serviceInsightRoutes(context: ApiContext): Route[] {
  const descriptor = context.registry.get(KIND);
  if (descriptor?.path === undefined) return [];
  const list = listHandler(context);
  const inMesh = `/meshes/{mesh}/${descriptor.path}`;
  const produces = ['application/json'];
  return [
    { template: inMesh, produces, methods: { GET: list }, docs: { GET: DOCS.list } },
    { template: `/${descriptor.path}`, produces, methods: { GET: list }, docs: { GET: DOCS.listInAllMeshes } },
    { template: `${inMesh}/{name}`, produces, methods: { GET: itemHandler(context) }, docs: { GET: DOCS.item } },
  ];
}

function listHandler(context: ApiContext): Handler {
  return handler(LIST_TITLE, (request) => {
    const { mesh } = request.params;
    if (mesh !== undefined) requireMesh(context, mesh);
    const matches = readFilter(request);
    const entries = context.controlPlane.view.listSorted<ServiceInsightSpec>(KIND, mesh).flatMap(entriesOf).filter(matches);
    return json(listBody(request, entries, (entry) => printEntry(context, entry)));
  });
}

/** A service nobody knows is shown without dataplanes, as long as its mesh has an insight. */
function itemHandler(context: ApiContext): Handler {
  return handler(ITEM_TITLE, (request) => {
    const mesh = param(request, 'mesh');
    const name = param(request, 'name');
    requireMesh(context, mesh);
    const insight = context.controlPlane.view.list<ServiceInsightSpec>(KIND, mesh)[0];
    if (!insight) throw notFound(ITEM_TITLE);
    const services = insight.spec.services ?? {};
    const service = Object.hasOwn(services, name) ? services[name] : undefined;
    return json(printEntry(context, { insight, name, service: service ?? { dataplanes: {} } }));
  });
}

function readFilter(request: ApiRequest): (entry: Entry) => boolean {
  const name = request.query.get('name') ?? '';
  const types = (request.query.get('type') ?? '').split(',').filter((type) => type !== '');
  if (types.some((type) => !SERVICE_TYPES.includes(type))) {
    throw new MeshError('bad_request', { public: `bad request: unsupported service type, use ${SERVICE_TYPES.join(', ')}` });
  }
  return (entry) => entry.name.includes(name) && (types.length === 0 || types.includes(entry.service.serviceType ?? 'internal'));
}

function entriesOf(insight: Resource<ServiceInsightSpec>): Entry[] {
  return Object.entries(insight.spec.services ?? {})
    .map(([name, service]) => ({ insight, name, service }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function printEntry(context: ApiContext, { insight, name, service }: Entry): JsonObject {
  const { [LABEL_DISPLAY_NAME]: hidden, ...labels } = insight.meta.labels;
  const shown = { kind: KIND, meta: { ...insight.meta, name, labels }, spec: {} };
  return { ...toDocument(context.registry.mustGet(KIND), shown), ...bodyOf(withDerived(context, name, service)) };
}

/** What is not stored: the total, and the address of a service of the mesh (contract/kds.md §6). */
function withDerived({ config }: ApiContext, name: string, service: ServiceInsightService): ServiceInsightService {
  const { online = 0, offline = 0 } = service.dataplanes ?? {};
  const total = online + offline;
  const { domain, serviceVipPort } = config.dnsServer;
  const internal = (service.serviceType ?? 'internal') === 'internal';
  return {
    ...service,
    dataplanes: total > 0 ? { total, ...service.dataplanes } : (service.dataplanes ?? {}),
    ...(internal ? { addressPort: `${name}.${domain}:${serviceVipPort}` } : {}),
  };
}

/** Status first and zones last, whatever order the store kept. */
function bodyOf(service: ServiceInsightService): JsonObject {
  const { status, dataplanes = {}, issuedBackends, serviceType, addressPort, zones } = service;
  const body: Record<string, unknown> = { status, dataplanes: { ...dataplanes }, issuedBackends };
  if (serviceType !== 'internal') body.serviceType = serviceType;
  return JSON.parse(JSON.stringify({ ...body, addressPort, zones })) as JsonObject;
}
