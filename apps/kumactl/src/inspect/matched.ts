/** What the API names of a resource. */
interface Named {
  readonly name: string;
}

/** `GET …/dataplanes/{name}/policies` (contract/rest-api.md §3). */
export type MatchedPolicies =
  | { readonly kind: 'SidecarDataplane'; readonly items: readonly Attachment[] }
  | { readonly kind: 'MeshGatewayDataplane'; readonly listeners?: readonly MatchedListener[]; readonly policies?: Policies };

/** A policy per kind, or several. */
type Policies = Readonly<Record<string, Named | readonly Named[]>>;

interface Attachment {
  readonly type: string;
  readonly name?: string;
  readonly service?: string;
  readonly matchedPolicies?: Policies;
}

interface Listener<Destination> {
  readonly port: number;
  readonly protocol: string;
  readonly hosts?: readonly {
    readonly hostName: string;
    readonly routes?: readonly { readonly route: string; readonly destinations?: readonly Destination[] }[];
  }[];
}

type Tags = Readonly<Record<string, string>>;
type MatchedListener = Listener<{ readonly tags: Tags; readonly policies?: Policies }>;

/** `GET …/{policies}/{name}/dataplanes` (contract/rest-api.md §3). */
export interface AffectedDataplanes {
  readonly items: readonly AffectedDataplane[];
}

interface AffectedDataplane {
  readonly kind?: string;
  readonly dataplane: Named;
  readonly attachments?: readonly Attachment[];
  readonly gateway?: Named;
  readonly listeners?: readonly Listener<Tags>[];
}

/** Text of `kumactl inspect dataplane NAME`: each part of the proxy with the policies that hold for it. */
export function matchedPoliciesText(matched: MatchedPolicies): string {
  if (matched.kind === 'SidecarDataplane')
    return matched.items.map((item) => block(headOf(item), policyLines(item.matchedPolicies, 2))).join('');
  const gateway = block('MESHGATEWAY:', policyLines(matched.policies, 2));
  const listeners = (matched.listeners ?? []).map(
    (listener) => `LISTENER (${listener.protocol}:${listener.port}):\n${hostLines(listener)}`,
  );
  return [gateway, ...listeners].join('');
}

function headOf({ type, name = '', service }: Attachment): string {
  const title = type.toUpperCase();
  if (type === 'dataplane') return `${title}:`;
  return type === 'service' ? `${title} ${name}:` : `${title} ${name}(${service ?? ''}):`;
}

function block(head: string, lines: readonly string[]): string {
  return `${[head, ...lines].join('\n')}\n\n`;
}

function policyLines(policies: Policies = {}, indent: number): string[] {
  const pad = ' '.repeat(indent);
  return Object.entries(policies)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([kind, found]) => [`${pad}${kind}`, ...([] as Named[]).concat(found).map(({ name }) => `${pad}  ${name}`)]);
}

function hostLines({ hosts = [] }: MatchedListener): string {
  return hosts
    .map(({ hostName, routes = [] }) => {
      const lines = routes.map(({ route, destinations = [] }) =>
        block(
          `    ROUTE ${route}:`,
          destinations.flatMap(({ tags, policies }) => [`      SERVICE ${serviceOf(tags)}:`, ...policyLines(policies, 8)]),
        ),
      );
      return `  ${hostName}:\n${lines.join('')}`;
    })
    .join('');
}

function serviceOf(tags: Tags): string {
  return tags['kuma.io/service'] ?? '';
}

/** Text of `kumactl inspect <policy> NAME`: the proxies it is for, and which parts of them. */
export function affectedDataplanesText({ items }: AffectedDataplanes): string {
  return `Affected data plane proxies:\n\n${items.map((item) => (item.gateway ? gatewayText(item, item.gateway) : sidecarText(item))).join('')}`;
}

function sidecarText({ dataplane, attachments = [] }: AffectedDataplane): string {
  const parts = attachments.filter(({ type }) => type !== 'dataplane');
  return parts.length === 0 ? `  ${dataplane.name}\n` : block(`  ${dataplane.name}:`, parts.map(attachmentLine));
}

function attachmentLine({ type, name = '', service }: Attachment): string {
  return type === 'service' ? `    service ${name}` : `    ${type} ${name}(${service ?? ''})`;
}

function gatewayText({ listeners = [] }: AffectedDataplane, gateway: Named): string {
  const lines = listeners.flatMap(({ port, protocol, hosts = [] }) => [
    `    listener (${protocol}:${port}):`,
    ...hosts.flatMap(({ hostName, routes = [] }) => [
      `      ${hostName}:`,
      ...routes.flatMap(({ route, destinations = [] }) => [
        `        ${route}:`,
        ...destinations.map((tags) => `          service ${serviceOf(tags)}`),
      ]),
    ]),
  ]);
  return block(`  ${gateway.name}:`, lines);
}
