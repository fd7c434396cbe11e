import { type AnyDescriptor, displayNameOf, LABEL_K8S_NAMESPACE, LABEL_ZONE, type Resource } from '@mesh/core';

/** What a client puts into TLS to reach a port of a destination. */
export interface DestinationSni {
  readonly port: number;
  readonly sni: string;
}

/**
 * The SNI of each port of a destination: `sni.<short>.<mesh>[.<zone>][.<namespace>].<name>.<section>`
 * (contract/dataplane.md §3.5); none for other kinds.
 */
export function snisOf(descriptor: AnyDescriptor, resource: Resource): readonly DestinationSni[] {
  const { mesh, labels } = resource.meta;
  const place = [labels[LABEL_ZONE], labels[LABEL_K8S_NAMESPACE]].filter((part) => part !== undefined && part !== '');
  const head = ['sni', descriptor.shortName, mesh, ...place, displayNameOf(resource)].join('.');
  return (descriptor.destinationPorts?.(resource.spec) ?? []).map(({ port, section }) => ({ port, sni: `${head}.${section}` }));
}
