import { inlineParser, ProxyXds, type ProxyXdsOptions } from '@mesh/control-plane/proxies';
import { DescriptorRegistry, type ResourceDraft } from '@mesh/core';
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
  });
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
