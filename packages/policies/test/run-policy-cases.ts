import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import { DescriptorRegistry, type JsonObject, MeshError, type Resource } from '@mesh/core';
import { kumaRegistry } from '@mesh/proto';
import { envoyRegistry } from '@mesh/proto/envoy-registry.js';
import { coreKinds, type DataplaneSpec, parseDocument, toDocument } from '@mesh/resources';
import { expectGolden, expectNoOrphanGoldens, testIdentity, validateWithEnvoy, viewOf } from '@mesh/testing';
import {
  type AnyPolicyDescriptor,
  buildMeshContext,
  buildSidecar,
  describeSnapshot,
  type MeshContext,
  orderPolicies,
  parseNodeMetadata,
} from '@mesh/xds';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';

const INPUT = '.input.yaml';

/**
 * Runs every case of a policy. `testdata/<case>.input.yaml` holds a `proxy` to look at, then
 * documents as users write them; the listeners, clusters and endpoints of the proxy are compared
 * with goldens and given to Envoy. `testdata/invalid/<case>.input.yaml` holds one document that is
 * refused; the golden says why. `testdata/accepted/<case>.input.yaml` holds one that is taken: the golden
 * shows the spec that is stored and what the user is told.
 */
export function runPolicyCases(policy: AnyPolicyDescriptor, folder: string): void {
  const dir = join(folder, 'testdata');
  const invalidDir = join(dir, 'invalid');
  const cases = inputs(dir);
  const invalid = inputs(invalidDir);
  describe(`${policy.kind}: effect in Envoy`, () => {
    it.each(cases)('%s', async (name) => {
      const resources = configurationOf(policy, documentsIn(join(dir, name + INPUT)));
      const shown = Object.entries(resources).filter(([type]) => type !== 'Secret');
      expectGolden({ dir, name }, Object.fromEntries(shown.map(([type, list]) => [type.toLowerCase(), list.filter(isOfTraffic)])));
      expect(await validateWithEnvoy(name, resources)).toBeUndefined();
    });
    it('has no golden files left over', () => expectNoOrphanGoldens(dir, cases));
  });
  if (invalid.length > 0) {
    describe(`${policy.kind}: refused documents`, () => {
      it.each(invalid)('%s', (name) => {
        const [document] = documentsIn(join(invalidDir, name + INPUT));
        expectGolden({ dir: invalidDir, name }, { violations: refusalOf(policy, document ?? {}) });
      });
      it('has no golden files left over', () => expectNoOrphanGoldens(invalidDir, invalid));
    });
  }
  runAcceptedCases(policy, join(dir, 'accepted'));
}

function runAcceptedCases(policy: AnyPolicyDescriptor, dir: string): void {
  const cases = inputs(dir);
  if (cases.length === 0) return;
  describe(`${policy.kind}: accepted documents`, () => {
    it.each(cases)('%s', (name) => {
      const [document = {}] = documentsIn(join(dir, name + INPUT));
      const { draft, warnings } = parseDocument(registryFor(policy), document);
      expectGolden({ dir, name }, { stored: { spec: draft.spec, warnings } });
      const printed = toDocument(policy, resourceOf(policy, document)) as unknown as JsonObject;
      expect(parseDocument(registryFor(policy), printed).draft.spec, 'what was printed, read again').toEqual(draft.spec);
      expect(overTheWire(policy, draft.spec as JsonObject), 'what KDS carries').toEqual(draft.spec);
    });
    it('has no golden files left over', () => expectNoOrphanGoldens(dir, cases));
  });
}

/** The spec after a way through its protobuf message, where it has one. */
function overTheWire({ wire }: AnyPolicyDescriptor, spec: JsonObject): unknown {
  const schema = wire === 'json' ? undefined : kumaRegistry.getMessage(wire.proto);
  if (!schema) return spec;
  return toJson(schema, fromBinary(schema, toBinary(schema, fromJson(schema, spec))));
}

/** The resources of the proxy the first document names, as only this policy makes them. */
function configurationOf(policy: AnyPolicyDescriptor, documents: readonly JsonObject[]): Record<string, JsonObject[]> {
  const [head, ...rest] = documents;
  const context = contextOf(
    [policy],
    rest.map((document) => resourceOf(policy, document)),
  );
  return sidecarResources([policy], context, { name: String(head?.proxy), features: (head?.features ?? []) as string[] });
}

/** The context of mesh `default` in zone `zone-1`. */
export function contextOf(policies: readonly AnyPolicyDescriptor[], resources: readonly Resource[]): MeshContext {
  const policyKinds = policies.map((policy) => policy.kind);
  const context = buildMeshContext({
    view: viewOf(...resources),
    mesh: 'default',
    zone: 'zone-1',
    policyKinds,
    vips: { port: 80, domain: 'mesh' },
  });
  if (!context) throw new Error('the case holds no mesh "default"');
  return context;
}

/** The configuration of a sidecar as JSON. */
export function sidecarResources(
  policies: readonly AnyPolicyDescriptor[],
  context: MeshContext,
  proxy: { readonly name: string; readonly features?: readonly string[] },
): Record<string, JsonObject[]> {
  const dataplane = context.dataplanes.find((candidate) => candidate.meta.name === proxy.name) as Resource<DataplaneSpec>;
  const metadata = parseNodeMetadata({ features: ['feature-reuse-port', ...(proxy.features ?? [])] });
  const result = buildSidecar({ context, dataplane, metadata, identity: testIdentity, plugins: orderPolicies(policies) });
  if (!result.ok) throw new Error(result.problems.join('; '));
  return describeSnapshot(result.snapshot, envoyRegistry());
}

/** A document as the resource it becomes; `creationTime` is kept. */
export function resourceOf(policy: AnyPolicyDescriptor, document: JsonObject): Resource {
  const { draft } = parseDocument(registryFor(policy), document);
  const creationTime = String(document.creationTime ?? '2026-01-01T00:00:00Z');
  const { kind, mesh, name, labels = {}, spec } = draft;
  return { kind, meta: { mesh, name, labels, creationTime, modificationTime: creationTime, version: 1 }, spec: spec as JsonObject };
}

function refusalOf(policy: AnyPolicyDescriptor, document: JsonObject): unknown {
  try {
    resourceOf(policy, document);
  } catch (error) {
    if (MeshError.is(error)) return error.violations.length > 0 ? error.violations : error.public;
    throw error;
  }
  throw new Error(`this was accepted:\n${stringify(document)}`);
}

function registryFor(policy: AnyPolicyDescriptor): DescriptorRegistry {
  return new DescriptorRegistry([...coreKinds, policy]);
}

function documentsIn(file: string): JsonObject[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as JsonObject);
}

function inputs(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((file) => file.endsWith(INPUT))
      .map((file) => file.slice(0, -INPUT.length))
      .sort();
  } catch {
    return [];
  }
}

/** Leaves out what every proxy has for itself. */
function isOfTraffic(resource: JsonObject): boolean {
  return !String(resource.name ?? '').startsWith('kuma:');
}
