import { readFileSync } from 'node:fs';
import { type AnyDescriptor, DescriptorRegistry, type JsonObject, kriOf, MeshError, messageOf } from '@mesh/core';
import { coreKinds, parseDocument, toDocument } from '@mesh/resources';
import { parse } from 'yaml';
import type { DpConfig, ProxyType } from './config.js';

const KIND_OF: Readonly<Record<ProxyType, string>> = { dataplane: 'Dataplane', ingress: 'ZoneIngress', egress: 'ZoneEgress' };

/** Who this proxy is, and its inline definition as the JSON the control plane expects ('' where it is looked up in the store). */
export interface ProxyIdentity {
  readonly name: string;
  readonly mesh: string;
  readonly proxyType: ProxyType;
  readonly resource: string;
  readonly warnings: readonly string[];
}

/**
 * Reads `--dataplane`/`--dataplane-file` (`-` is standard input), fills `{{ variables }}`, brings old
 * forms to the present one and checks it against the other flags (contract/dataplane.md §7.1 "Rules").
 * @throws MeshError with every mistake of the document.
 */
export function resolveIdentity(config: DpConfig): ProxyIdentity {
  const text = readDefinition(config);
  if (text === '') return withoutDefinition(config);
  const document = parseYaml(fillTemplate(text, config.variables));
  const registry = new DescriptorRegistry(coreKinds);
  if (document['type'] === KIND_OF[config.proxyType] && document['name'] === undefined) document['name'] = config.name;
  const { draft, descriptor, warnings } = parseDocument(registry, document);
  checkAgainstFlags(config, draft);
  return { name: draft.name, mesh: draft.mesh, proxyType: config.proxyType, resource: JSON.stringify(print(descriptor, draft)), warnings };
}

/** Replaces `{{ key }}` (dots allowed) by its value; an unknown key becomes empty, as in mustache. */
export function fillTemplate(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{\{?\s*([\w.-]+)\s*\}?\}\}/g, (_, key: string) => variables[key] ?? '');
}

function readDefinition(config: DpConfig): string {
  if (config.resource !== '') return config.resource;
  if (config.resourceFile === '') return '';
  try {
    return readFileSync(config.resourceFile === '-' ? 0 : config.resourceFile, 'utf8');
  } catch (error) {
    throw new MeshError('invalid', { violations: [{ field: '--dataplane-file', message: `cannot be read: ${messageOf(error)}` }] });
  }
}

function withoutDefinition(config: DpConfig): ProxyIdentity {
  if (config.name === '')
    throw new MeshError('invalid', {
      violations: [{ field: '--name', message: 'must be set unless --dataplane-file or --dataplane is given' }],
    });
  if (config.proxyType !== 'dataplane') return { name: config.name, mesh: '', proxyType: config.proxyType, resource: '', warnings: [] };
  // Kuma 0.6 started proxies with a name alone.
  const warnings = config.mesh === '' ? ['--mesh is not given; "default" is taken'] : [];
  return { name: config.name, mesh: config.mesh === '' ? 'default' : config.mesh, proxyType: config.proxyType, resource: '', warnings };
}

function parseYaml(text: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    throw new MeshError('invalid', { violations: [{ field: '--dataplane-file', message: `is not YAML: ${messageOf(error)}` }] });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new MeshError('invalid', { violations: [{ field: '--dataplane-file', message: 'must hold one resource' }] });
  }
  return parsed as JsonObject;
}

function checkAgainstFlags(config: DpConfig, draft: { kind: string; name: string; mesh: string }): void {
  const violations = [];
  const kind = KIND_OF[config.proxyType];
  if (draft.kind !== kind) {
    const fitting = Object.entries(KIND_OF).find(([, k]) => k === draft.kind)?.[0];
    const hint = fitting ? `; use --proxy-type=${fitting}` : '';
    violations.push({
      field: '--proxy-type',
      message: `${config.proxyType} needs a ${kind}, but the definition is a ${draft.kind}${hint}`,
    });
  }
  if (config.name !== '' && config.name !== draft.name)
    violations.push({ field: '--name', message: `"${config.name}" differs from the definition's "${draft.name}"` });
  if (config.mesh !== '' && draft.kind === 'Dataplane' && config.mesh !== draft.mesh) {
    violations.push({ field: '--mesh', message: `"${config.mesh}" differs from the definition's "${draft.mesh}"` });
  }
  if (violations.length > 0) throw new MeshError('invalid', { violations });
}

function print(
  descriptor: AnyDescriptor,
  draft: { kind: string; name: string; mesh: string; labels?: Readonly<Record<string, string>>; spec: unknown },
): JsonObject {
  const unset = '0001-01-01T00:00:00Z';
  const resource = {
    kind: draft.kind,
    meta: { mesh: draft.mesh, name: draft.name, labels: draft.labels ?? {}, creationTime: unset, modificationTime: unset, version: 0 },
    spec: draft.spec as JsonObject,
  };
  const document = toDocument(descriptor, resource);
  return { ...document, ...(descriptor.shortName ? { kri: kriOf(descriptor.shortName, resource) } : {}) };
}
