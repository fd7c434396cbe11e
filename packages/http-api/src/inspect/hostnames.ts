import { type AnyDescriptor, displayNameOf, LABEL_K8S_NAMESPACE, LABEL_ZONE, type Resource } from '@mesh/core';
import { renderTemplate } from '@mesh/resources';
import { containsTags } from '@mesh/xds/model';
import { type ApiContext, requireMesh } from '../context.js';
import { type Answer, json } from '../http/answer.js';
import { ApiError, notFound } from '../http/errors.js';
import { type ApiRequest, handler, param, type Route } from '../http/route.js';
import { ITEM_TITLE } from '../resources/read.js';
import { INSPECT_DOCS } from './docs.js';

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
}

interface GeneratorSpec {
  readonly template: string;
  readonly selector?: Readonly<Record<string, Selector | undefined>>;
}

const NAMED = ['meshservices', 'meshexternalservices', 'meshmultizoneservices'];

/** `…/{meshservices,…}/{name}/_hostnames`: the names generators make for a service (contract/rest-api.md §3). */
export function hostnameRoutes(context: ApiContext, descriptor: AnyDescriptor): Route[] {
  if (descriptor.scope !== 'Mesh' || descriptor.path === undefined) return [];
  const template = `/meshes/{mesh}/${descriptor.path}/{name}/_hostnames`;
  const produces = ['application/json'];
  if (!NAMED.includes(descriptor.path)) return [{ template, produces, methods: { GET: handler(ITEM_TITLE, refuse) } }];
  const list = handler(ITEM_TITLE, (request) => answer(context, descriptor, request));
  return [{ template, produces, docs: { GET: INSPECT_DOCS.hostnames(descriptor) }, methods: { GET: list } }];
}

function refuse(): never {
  throw new ApiError({ status: 400, title: `only "${NAMED.join(',')}" are available for inspection`, detail: 'Resource is not valid' });
}

async function answer(context: ApiContext, descriptor: AnyDescriptor, request: ApiRequest): Promise<Answer> {
  const { view } = context.controlPlane;
  const mesh = param(request, 'mesh');
  requireMesh(context, mesh);
  const service = view.find(descriptor.kind, mesh, param(request, 'name')) as Resource | undefined;
  if (!service) throw notFound(ITEM_TITLE);
  const zones = await zonesOf(context);
  const byName = new Map<string, string[]>();
  for (const { spec } of view.listSorted<GeneratorSpec>('HostnameGenerator')) {
    const selector = spec.selector?.[lowerFirst(descriptor.kind)];
    if (!selector || !containsTags(service.meta.labels, selector.matchLabels ?? {})) continue;
    for (const zone of zones) {
      const hostname = render(spec.template, service, zone);
      if (hostname !== undefined) byName.set(hostname, [...(byName.get(hostname) ?? []), zone]);
    }
  }
  const items = [...byName].map(([hostname, names]) => ({ hostname, zones: [...new Set(names)].map((name) => ({ name })) }));
  return json({ items, total: items.length });
}

/** Zones whose proxies learn the names: this one, or on a global all. */
async function zonesOf({ controlPlane, info }: ApiContext): Promise<string[]> {
  const { mode, zone } = await info();
  return mode === 'zone' ? [zone] : controlPlane.view.listSorted('Zone').map(({ meta }) => meta.name);
}

function render(template: string, service: Resource, zone: string): string | undefined {
  const { labels, mesh, name } = service.meta;
  const fields = {
    Name: name,
    DisplayName: displayNameOf(service),
    Namespace: labels[LABEL_K8S_NAMESPACE] ?? '',
    Mesh: mesh,
    Zone: labels[LABEL_ZONE] ?? zone,
  };
  try {
    return renderTemplate(template, {
      fields,
      label: (key) => {
        const value = labels[key];
        if (value === undefined) throw new Error(`there is no label ${key}`);
        return value;
      },
    });
  } catch {
    // A label the template asks for is missing: no name from this generator.
    return undefined;
  }
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
