import { isDns1035Label, isDns1123Label, type ValidationContext } from '@mesh/core';

interface Destination {
  readonly kind: string;
  /** See `destinationPorts` of the descriptor. */
  readonly ports: readonly { readonly section: string }[];
}

/** Warnings for names that cannot be part of a host name or of an SNI: accepted still, as Kuma does. */
export function destinationDeprecations({ kind, ports }: Destination, { name }: ValidationContext): string[] {
  const warnings: string[] = [];
  if (!isDns1035Label(name)) {
    warnings.push(
      `Invalid ${kind} resource name: '${name}'. It does not conform to the DNS format (RFC 1035) of at most 63 characters. This is deprecated.`,
    );
  }
  const nameFits = isDns1123Label(name);
  for (const { section } of ports) {
    if (!nameFits) warnings.push(`Invalid ${kind} SNI (port "${section}"): name "${name}" is not an RFC 1123 label. This is deprecated.`);
    else if (!isDns1123Label(section))
      warnings.push(`Invalid ${kind} SNI (port "${section}"): the name of the port is not an RFC 1123 label. This is deprecated.`);
  }
  return warnings;
}
