import { createHash } from 'node:crypto';
import { type JsonObject, type Resource } from '@mesh/core';
import type { InboundInterface } from '@mesh/xds';
import type { ApiContext } from '../context.js';
import { json } from '../http/answer.js';
import { handler, type Route } from '../http/route.js';
import { type Attachment, attachmentsOf, outboundsOf } from './attachments.js';
import { INSPECT_DOCS } from './docs.js';
import { toMetaDocument } from './meta-document.js';
import { type PolicyRules, rulesOf } from './policy-rules.js';
import { policiesOf } from './print.js';
import { type Subject, subjectOf } from './subject.js';
import type { SubsetRule } from './subsets.js';

/** `…/dataplanes/{name}/policies` and `/rules`: the inspections of Kuma before `_rules` (contract/rest-api.md §3). */
export function legacyInspectRoutes(context: ApiContext): Route[] {
  const produces = ['application/json'];
  const policies = handler('Could not retrieve policies', async (request) => {
    const subject = await subjectOf(context, request);
    const all = context.registry.all.filter(({ policy }) => policy !== undefined);
    const items = groupByPlace(all.flatMap((descriptor) => attachmentsOf(descriptor, subject.proxy, subject.source)));
    return json({ kind: 'SidecarDataplane', total: items.length, items: items.map((item) => printPlace(context, item)) });
  });
  const rules = handler('Could not retrieve rules', async (request) => {
    const subject = await subjectOf(context, request);
    const items = entriesOf(subject, rulesOf(subject, context.registry.all));
    return json({ total: items.length, items });
  });
  const base = '/meshes/{mesh}/dataplanes/{name}';
  return [
    { template: `${base}/policies`, produces, docs: { GET: INSPECT_DOCS.policies }, methods: { GET: policies } },
    { template: `${base}/rules`, produces, docs: { GET: INSPECT_DOCS.oldRules }, methods: { GET: rules } },
  ];
}

/** Attachments of one place together; the places in the order they were met. */
function groupByPlace(attachments: readonly Attachment[]): Attachment[][] {
  const places = new Map<string, Attachment[]>();
  const order = ['dataplane', 'inbound', 'outbound', 'service'];
  for (const each of [...attachments].sort((a, b) => order.indexOf(a.place.type) - order.indexOf(b.place.type))) {
    const key = JSON.stringify(each.place);
    places.set(key, [...(places.get(key) ?? []), each]);
  }
  return [...places.values()];
}

function printPlace(context: ApiContext, attachments: readonly Attachment[]): JsonObject {
  const place = attachments[0]?.place;
  const sorted = [...attachments].sort((a, b) => (a.kind < b.kind ? -1 : 1));
  const matchedPolicies = Object.fromEntries(
    sorted.map(({ kind, policies }) => [kind, policies.map((each) => toMetaDocument(context, each))]),
  );
  return { ...place, type: place?.type ?? 'dataplane', matchedPolicies };
}

/** The same rules, flat: for the proxy, for each destination, for each inbound. */
function entriesOf({ dataplane, proxy }: Subject, rules: readonly PolicyRules[]): JsonObject[] {
  const proxyItems = rules.flatMap(({ descriptor, proxy: whole }) =>
    whole
      ? [{ type: 'SingleItem', policyType: descriptor.kind, subset: {}, conf: whole.conf, origins: printNames(policiesOf(whole.origins)) }]
      : [],
  );
  const destinations = outboundsOf(dataplane.spec).flatMap(({ address, service, tags }) =>
    rules.flatMap(({ descriptor, to }) => {
      const rule = to.find(({ matchers }) => matchers.every(({ key, value }) => tags[key] === value));
      const facts = { name: service, addresses: [address], service, tags: { ...tags }, policyType: descriptor.kind };
      return rule ? [{ type: 'DestinationSubset', ...facts, ...printRule(rule) }] : [];
    }),
  );
  const clients = proxy.inbounds.flatMap((inbound) =>
    rules.flatMap(({ descriptor, from }) => {
      const list = from.find((each) => each.inbound === inbound)?.rules ?? [];
      return list.map((rule) => ({ type: 'ClientSubset', ...inboundFacts(inbound), policyType: descriptor.kind, ...printRule(rule) }));
    }),
  );
  return [...proxyItems, ...destinations, ...clients];
}

function inboundFacts({ service, tags, advertisedAddress, port }: InboundInterface): JsonObject {
  const sorted = Object.fromEntries(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)));
  const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16);
  return { name: `${service}-${hash}`, addresses: [`${advertisedAddress}:${port}`], service, tags: sorted };
}

function printRule({ matchers, conf, origins }: SubsetRule): JsonObject {
  const subset = Object.fromEntries(matchers.map(({ key, value, not }) => [key, not ? `!${value}` : value]));
  return { subset, conf, origins: printNames(policiesOf(origins)) };
}

function printNames(policies: readonly Resource[]): JsonObject[] {
  return policies.map(({ meta }) => ({ mesh: meta.mesh, name: meta.name }));
}
