import type { JsonObject, Resource } from '@mesh/core';
import type { DataplaneSpec, Tags } from '@mesh/resources';
import { containsTags } from '@mesh/xds/model';
import { type ApiContext, requireMesh } from '../context.js';
import { json } from '../http/answer.js';
import { notFound } from '../http/errors.js';
import { type ApiRequest, handler, param, type Route } from '../http/route.js';
import { INSPECT_DOCS } from './docs.js';

interface Selected {
  readonly selectors?: readonly { readonly match?: Tags }[];
}

interface GatewaySpec extends Selected {
  readonly tags?: Tags;
  readonly conf?: { readonly listeners?: readonly { readonly tags?: Tags }[] };
}

const TITLE = 'Could not retrieve dataplanes';

/** `meshgateways|meshgatewayroutes/{name}/dataplanes`: the builtin gateways that serve one (contract/rest-api.md §3). */
export function gatewayDataplaneRoutes(context: ApiContext): Route[] {
  const list = (gatewaysOf: (request: ApiRequest) => readonly Resource<GatewaySpec>[]) =>
    handler(TITLE, (request) => {
      requireMesh(context, param(request, 'mesh'));
      return json(listOf(proxiesOf(context, gatewaysOf(request))));
    });
  const { view } = context.controlPlane;
  const find = <Spec>(kind: string, request: ApiRequest): Resource<Spec> => {
    const found = view.find<Spec>(kind, param(request, 'mesh'), param(request, 'name'));
    if (!found) throw notFound(`Could not retrieve ${kind}`);
    return found;
  };
  const ofRoute = (request: ApiRequest) => {
    const { meta, spec } = find<Selected>('MeshGatewayRoute', request);
    return view.listSorted<GatewaySpec>('MeshGateway', meta.mesh).filter((gateway) => serves(gateway.spec, spec));
  };
  return [
    route(
      'MeshGateway',
      'meshgateways',
      list((request) => [find<GatewaySpec>('MeshGateway', request)]),
    ),
    route('MeshGatewayRoute', 'meshgatewayroutes', list(ofRoute)),
  ];
}

function route(kind: string, path: string, get: ReturnType<typeof handler>): Route {
  return {
    template: `/meshes/{mesh}/${path}/{name}/dataplanes`,
    produces: ['application/json'],
    docs: { GET: INSPECT_DOCS.gatewayDataplanes(kind) },
    methods: { GET: get },
  };
}

/** Builtin gateways that one of the selectors chooses, in order of name. */
function proxiesOf(context: ApiContext, gateways: readonly Resource<GatewaySpec>[]): Resource<DataplaneSpec>[] {
  const [first] = gateways;
  if (!first) return [];
  return [...context.controlPlane.view.listSorted<DataplaneSpec>('Dataplane', first.meta.mesh)].filter(({ spec }) => {
    const { type, tags = {} } = spec.networking?.gateway ?? {};
    return type === 'BUILTIN' && gateways.some((gateway) => selects(gateway.spec, tags));
  });
}

function selects({ selectors = [] }: Selected, tags: Tags): boolean {
  return selectors.some(({ match = {} }) => containsTags(tags, match));
}

/** Whether a route is for a listener of a gateway: a listener has its own tags, those of the gateway, and those it is chosen by. */
function serves({ selectors = [], tags, conf }: GatewaySpec, of: Selected): boolean {
  const listeners = conf?.listeners ?? [];
  return selectors.some(({ match }) => listeners.some((listener) => selects(of, { ...match, ...tags, ...listener.tags })));
}

function listOf(dataplanes: readonly Resource<DataplaneSpec>[]): JsonObject {
  const items = dataplanes.map(({ meta: { mesh, name } }) => ({ dataplane: { mesh, name } }));
  return { total: items.length, items };
}
