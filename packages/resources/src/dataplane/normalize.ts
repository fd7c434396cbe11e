import type { Json, JsonObject, Normalized } from '@mesh/core';
import { isObject } from '../proto-json/index.js';
import { ingressDocumentOf } from './normalize-ingress.js';
import { renameOldTags } from './old-tags.js';

interface Rewrite {
  readonly networking: JsonObject;
  readonly warnings: string[];
}

/**
 * Brings Dataplanes of Kuma 0.2-1.1 to the present form: `interface` texts, `outbound.service`,
 * unprefixed tags, and the Dataplane with `networking.ingress` that is a ZoneIngress now.
 */
export function normalizeDataplane(document: JsonObject): Normalized {
  if (!isObject(document.networking)) return { document, warnings: [] };
  const rewrite: Rewrite = { networking: { ...document.networking }, warnings: [] };
  rewriteInbounds(rewrite);
  rewriteOutbounds(rewrite);
  rewriteGateway(rewrite);
  const { networking, warnings } = rewrite;
  if (isObject(networking.ingress)) return ingressDocumentOf({ ...document, networking }, warnings);
  return warnings.length === 0 ? { document, warnings } : { document: { ...document, networking }, warnings };
}

function rewriteInbounds({ networking, warnings }: Rewrite): void {
  if (!Array.isArray(networking.inbound)) return;
  networking.inbound = networking.inbound.map((inbound, i) => {
    if (!isObject(inbound)) return inbound;
    const path = `networking.inbound[${i}]`;
    const present = renameOldTags(inbound, path, warnings);
    const at = parseInterface(present.interface);
    if (!at) return present;
    if (!networking.address && at.address) networking.address = at.address;
    const { interface: old, ...rest } = present;
    const address: JsonObject = at.address && at.address !== networking.address ? { address: at.address } : {};
    const ports: JsonObject = at.servicePort === undefined ? { port: at.port } : { port: at.port, servicePort: at.servicePort };
    warnings.push(
      `${path}.interface: "${String(old)}" is an old form, write ${JSON.stringify({ ...address, ...ports })}${hintOfAddress(at.address, networking)}`,
    );
    return { ...address, ...ports, ...rest };
  });
}

function hintOfAddress(address: string, networking: JsonObject): string {
  return address && address === networking.address ? ` and networking.address "${address}" instead` : ' instead';
}

function rewriteOutbounds({ networking, warnings }: Rewrite): void {
  if (!Array.isArray(networking.outbound)) return;
  networking.outbound = networking.outbound.map((outbound, i) => {
    if (!isObject(outbound)) return outbound;
    const path = `networking.outbound[${i}]`;
    return withPort(withServiceTag(renameOldTags(outbound, path, warnings), path, warnings), path, warnings);
  });
}

function withServiceTag(outbound: JsonObject, path: string, warnings: string[]): JsonObject {
  if (typeof outbound.service !== 'string') return outbound;
  const { service, ...rest } = outbound;
  warnings.push(`${path}.service: "service" is an old form, write tags: {"kuma.io/service": ${JSON.stringify(service)}} instead`);
  const tags = isObject(rest.tags) ? rest.tags : {};
  return { ...rest, tags: { 'kuma.io/service': service, ...tags } };
}

function withPort(outbound: JsonObject, path: string, warnings: string[]): JsonObject {
  const at = parseInterface(outbound.interface);
  if (!at || at.servicePort !== undefined) return outbound;
  const { interface: old, ...rest } = outbound;
  const address: JsonObject = at.address ? { address: at.address } : {};
  warnings.push(`${path}.interface: "${String(old)}" is an old form, write ${JSON.stringify({ ...address, port: at.port })} instead`);
  return { ...address, port: at.port, ...rest };
}

function rewriteGateway({ networking, warnings }: Rewrite): void {
  if (isObject(networking.gateway)) networking.gateway = renameOldTags(networking.gateway, 'networking.gateway', warnings);
}

/** Splits `[address]:port[:servicePort]`; IPv6 addresses stand in brackets. */
function parseInterface(value: Json | undefined): { address: string; port: number; servicePort?: number } | undefined {
  const match = typeof value === 'string' ? /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})(?::(\d{1,5}))?$/.exec(value) : null;
  if (!match) return undefined;
  const servicePort = match[4] === undefined ? {} : { servicePort: Number(match[4]) };
  return { address: match[1] ?? match[2] ?? '', port: Number(match[3]), ...servicePort };
}
