import { inlineParser, type ProxyNode, ProxyXds, type ProxyXdsOptions } from '@mesh/control-plane/proxies';
import { DescriptorRegistry, keyString, type ResourceDraft, type ViewChange, type ViewEvent } from '@mesh/core';
import { policyKinds } from '@mesh/policies';
import { coreKinds } from '@mesh/resources';
import { computeAvailableServices } from '@mesh/xds';
import { ZoneProxySource } from './zone-proxies.js';

/** Turns the view into configuration of zone ingresses and egresses. */
export function ingressXds(options: ProxyXdsOptions): ProxyXds {
  return new ProxyXds(options, {
    kinds: new Set(['ZoneIngress', 'ZoneEgress']),
    parseInline: inlineWithServices(options),
    source: (parts) => new ZoneProxySource(parts),
    stale: staleZoneProxies,
  });
}

/** A zone proxy serves all meshes; secrets of meshes are for egresses alone. */
function staleZoneProxies(event: ViewEvent, meshes: ReadonlySet<string>): ((node: ProxyNode) => boolean) | undefined {
  if (meshes.size > 0) return () => true;
  const secrets = event.changes.some(({ key }) => key.kind === 'Secret');
  const own = new Set(event.changes.filter(isZoneProxy).map(({ key }) => keyString(key)));
  if (!secrets && own.size === 0) return undefined;
  return ({ kind, key }) => (secrets && kind === 'ZoneEgress') || own.has(keyString(key));
}

/** An ingress that registers again must not take its services away from other zones for a moment. */
function inlineWithServices({ view, zone }: ProxyXdsOptions): (json: string) => ResourceDraft {
  const parse = inlineParser(new DescriptorRegistry([...coreKinds, ...policyKinds]));
  return (json) => {
    const draft = parse(json);
    if (draft.kind !== 'ZoneIngress') return draft;
    const availableServices = computeAvailableServices(view, zone);
    return { ...draft, spec: { ...(draft.spec as object), ...(availableServices.length > 0 ? { availableServices } : {}) } };
  };
}

function isZoneProxy({ key }: ViewChange): boolean {
  return key.kind === 'ZoneIngress' || key.kind === 'ZoneEgress';
}
