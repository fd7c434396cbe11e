const index = (n) => `import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { ${n.camel}Plugin } from './plugin.js';
import { ${n.camel}Schema, type ${n.kind}Spec } from './schema.js';
import { validate${n.pascal} } from './validate.js';

/** What a ${n.words} does, for whoever meets it first. */
export const ${n.camel}: PolicyDescriptor<${n.kind}Spec> = definePolicy<${n.kind}Spec>({
  kind: '${n.kind}',
  order: ${n.order},
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: '${n.plural}',
  cli: { singular: '${n.singular}', plural: '${n.plural}' },
  displayName: { singular: '${n.words}', plural: '${n.words}s' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true },
  policy: { isTargetRef: true, hasTo: true, inspectable: true },
  schema: ${n.camel}Schema,
  validate: validate${n.pascal},
  plugin: ${n.camel}Plugin,
});
`;

const schema = (n) => `import { z } from 'zod';

/** Shape of the spec of a ${n.kind}. The comment on a field is its documentation. */
export const ${n.camel}Schema = z.object({
  default: z
    .object({
      /** What the field means, its unit and its bounds. */
      connectTimeoutMs: z.int().optional(),
    })
    .optional(),
});

export type ${n.kind}Spec = z.infer<typeof ${n.camel}Schema>;
`;

const validate = (n) => `import type { Violations } from '@mesh/core';
import type { ${n.kind}Spec } from './schema.js';

/** Rules over the fields of a ${n.kind} that its schema cannot say; rooted at \`spec\`. */
export function validate${n.pascal}(spec: ${n.kind}Spec, violations: Violations): void {
  const { connectTimeoutMs } = spec.default ?? {};
  if (connectTimeoutMs !== undefined && connectTimeoutMs <= 0) {
    violations.field('default').field('connectTimeoutMs').add('must be greater than 0');
  }
}
`;

const plugin = (n) => `import { durationOf, type Matched, type PolicyPlugin } from '@mesh/xds';
import type { ${n.kind}Spec } from './schema.js';

/** What of a ${n.kind} matters to one proxy. */
interface Matched${n.pascal} extends Matched {
  readonly connectTimeoutMs: number | undefined;
}

/** Effect in Envoy: the connect timeout of the clusters of outbounds. */
export const ${n.camel}Plugin: PolicyPlugin<Matched${n.pascal}> = {
  match(context) {
    const last = context.policies<${n.kind}Spec>('${n.kind}').at(-1);
    const connectTimeoutMs = last?.spec.default?.connectTimeoutMs;
    return { connectTimeoutMs, outboundKey: String(connectTimeoutMs) };
  },

  configureCluster({ connectTimeoutMs }, { cluster }) {
    if (connectTimeoutMs !== undefined) cluster.message.connectTimeout = durationOf(connectTimeoutMs);
  },
};
`;

const test = (n) => `import { Violations } from '@mesh/core';
import { dataplane, mesh, resource, viewOf } from '@mesh/testing';
import { buildMeshContext, edsCluster, type SidecarProxy } from '@mesh/xds';
import { expect, test } from 'vitest';
import { ${n.camel} } from './index.js';
import { ${n.camel}Plugin } from './plugin.js';

const proxy: SidecarProxy = { dataplane: dataplane().build(), zone: 'zone-1', inbounds: [], isGateway: false };

test('a ${n.kind} with a timeout of 0 is refused at its field', () => {
  const violations = Violations.at('spec');
  ${n.camel}.validate?.({ default: { connectTimeoutMs: 0 } }, violations, { name: 'a', mesh: 'default', labels: {} });
  expect(violations.list).toEqual([{ field: 'spec.default.connectTimeoutMs', message: 'must be greater than 0' }]);
});

test('the last ${n.kind} by name sets the connect timeout of clusters', () => {
  const policies = ['a', 'b'].map((name, i) => resource('${n.kind}', name).withSpec({ default: { connectTimeoutMs: 1500 + i } }).build());
  const view = viewOf(mesh().build(), ...policies);
  const context = buildMeshContext({ view, mesh: 'default', zone: 'zone-1', policyKinds: ['${n.kind}'], vips: { port: 80, domain: 'mesh' } });
  if (!context) throw new Error('the view has a mesh');
  const cluster = edsCluster('backend', 'http');
  ${n.camel}Plugin.configureCluster?.(${n.camel}Plugin.match(context, proxy), { context, service: 'backend', cluster });
  expect(cluster.message.connectTimeout).toMatchObject({ seconds: 1n, nanos: 501_000_000 });
});
`;

const readme = (n) => `# ${n.kind}

## Purpose

What a ${n.words} is for.

## Fields

| field | meaning |
|---|---|
| \`default.connectTimeoutMs\` | what it means, its unit and its bounds |

## Example

\`\`\`yaml
type: ${n.kind}
name: example
mesh: default
spec:
  default:
    connectTimeoutMs: 1500
\`\`\`

## Effect in Envoy

Which listeners, routes and clusters it changes, and how.
`;

/** A policy: one folder with a descriptor. */
export const policy = {
  files(n) {
    const dir = `packages/policies/src/${n.kebab}`;
    return {
      [`${dir}/index.ts`]: index(n),
      [`${dir}/schema.ts`]: schema(n),
      [`${dir}/validate.ts`]: validate(n),
      [`${dir}/plugin.ts`]: plugin(n),
      [`${dir}/${n.kebab}.test.ts`]: test(n),
      [`${dir}/README.md`]: readme(n),
    };
  },
  next: (name) => `\nnext: say what it holds in packages/policies/src/${name}/schema.ts and what it does in plugin.ts, then
  pnpm --filter @mesh/policies run test
`,
};
