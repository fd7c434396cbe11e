import type { AnyDescriptor, ControlPlaneInfo, PolicyInfo } from '@mesh/core';
import type { ApiContext } from '../context.js';
import { json } from '../http/answer.js';
import { handler, type Route } from '../http/route.js';
import { META_DOCS } from './docs.js';

const TITLE = 'Could not retrieve resources';

/** `/_resources` and `/policies`: what kinds there are (contract/rest-api.md §2.5). */
export function catalogRoutes(context: ApiContext): Route[] {
  const served = context.registry.all.filter((descriptor) => descriptor.path !== undefined).sort(byKind);
  const policies = served.filter((descriptor) => descriptor.policy !== undefined);
  const produces = ['application/json'];
  const readOnlyOf = async () => isReadOnly(await context.info(), context.config.apiServer.readOnly);
  return [
    {
      template: '/_resources',
      produces,
      docs: { GET: META_DOCS.resources },
      methods: {
        GET: handler(TITLE, async () => {
          const readOnly = await readOnlyOf();
          return json({ resources: served.map((descriptor) => describeKind(descriptor, readOnly)) });
        }),
      },
    },
    {
      template: '/policies',
      produces,
      docs: { GET: META_DOCS.policies },
      methods: {
        GET: handler(TITLE, async () => {
          const readOnly = await readOnlyOf();
          return json({ policies: policies.map((descriptor) => describePolicy(descriptor, readOnly)) });
        }),
      },
    },
  ];
}

function byKind(a: AnyDescriptor, b: AnyDescriptor): number {
  return a.kind < b.kind ? -1 : 1;
}

/** Kuma says so of every kind on a federated zone, whatever may be written there; clients rely on it. */
function isReadOnly(info: ControlPlaneInfo, apiReadOnly: boolean): boolean {
  return info.readOnly || apiReadOnly || info.federated;
}

function describeKind(descriptor: AnyDescriptor, readOnly: boolean): object {
  const { policy, write, kds } = descriptor;
  return {
    includeInFederation: kds.globalToZone && !write.never,
    name: descriptor.kind,
    path: descriptor.path,
    pluralDisplayName: descriptor.displayName.plural,
    ...(policy ? { policy: describeRefs(policy) } : {}),
    readOnly: readOnly || descriptor.isInsight === true,
    scope: descriptor.scope,
    shortName: descriptor.shortName ?? '',
    singularDisplayName: descriptor.displayName.singular,
  };
}

function describeRefs(policy: PolicyInfo): object {
  return {
    hasFromTargetRef: policy.hasFrom ?? false,
    hasRulesTargetRef: policy.hasRules ?? false,
    hasToTargetRef: policy.hasTo ?? false,
    isFromAsRules: policy.fromAsRules ?? false,
    isTargetRef: policy.isTargetRef,
  };
}

function describePolicy(descriptor: AnyDescriptor, readOnly: boolean): object {
  const { policy } = descriptor;
  return {
    name: descriptor.kind,
    readOnly,
    path: descriptor.path,
    singularDisplayName: descriptor.displayName.singular,
    pluralDisplayName: descriptor.displayName.plural,
    isExperimental: false,
    isTargetRefBased: policy?.isTargetRef ?? false,
    isInbound: (policy?.hasFrom ?? false) || (policy?.hasRules ?? false),
    isOutbound: policy?.hasTo ?? false,
  };
}
