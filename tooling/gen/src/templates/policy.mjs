const kind = (n) => `import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type ${n.kind}Spec, ${n.camel}Schema } from './schema.js';
import { validate${n.pascal} } from './validate.js';

/** What a ${n.words} does, for whoever meets it first. */
export const ${n.camel}Kind: ResourceDescriptor<${n.kind}Spec> = defineKind<${n.kind}Spec>({
  kind: '${n.kind}',
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
});
`;

const index = (n) => `import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { ${n.camel}Kind } from './kind.js';
import { ${n.camel}Plugin } from './plugin.js';
import type { ${n.kind}Spec } from './schema.js';

/** The kind with its place among the policies and its effect in Envoy. */
export const ${n.camel}: PolicyDescriptor<${n.kind}Spec> = definePolicy<${n.kind}Spec>({
  ...${n.camel}Kind,
  order: ${n.order},
  plugin: ${n.camel}Plugin,
});
`;

const schema = (n) => `import { z } from 'zod';
import { goDuration } from '../sdk/fields.js';
import { targetRefSchema } from '../sdk/target-ref.js';

/** What is configured. The comment on a field is its documentation. */
const confSchema = z.object({
  /** What the field means, its unit, its bounds and what holds where it is left out. */
  connectTimeout: goDuration.optional(),
});

/** Shape of the spec of a ${n.kind}. */
export const ${n.camel}Schema = z.object({
  /** Proxies it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  /** For outbound traffic, by destination. */
  to: z.array(z.object({ targetRef: targetRefSchema, default: confSchema })).optional(),
});

export type ${n.kind}Spec = z.infer<typeof ${n.camel}Schema>;
export type ${n.kind}Conf = z.infer<typeof confSchema>;
`;

const validate = (n) => `import type { Violations } from '@mesh/core';
import { checkPositive } from '../sdk/fields.js';
import { checkTargetRef, TOP_KINDS } from '../sdk/target-ref.js';
import type { ${n.kind}Spec } from './schema.js';

/** Rules over the fields of a ${n.kind} that its schema cannot say; rooted at \`spec\`. */
export function validate${n.pascal}(spec: ${n.kind}Spec, violations: Violations): void {
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS }, violations.field('targetRef'));
  if (!spec.to || spec.to.length === 0) violations.field('to').add('must not be empty');
  for (const [i, entry] of (spec.to ?? []).entries()) {
    const at = violations.field('to').index(i);
    checkTargetRef(entry.targetRef, { kinds: ['Mesh', 'MeshService'] }, at.field('targetRef'));
    checkPositive(entry.default.connectTimeout, at.field('default').field('connectTimeout'));
  }
}
`;

const plugin = (n) => `import type { Matched, PolicyPlugin } from '@mesh/xds';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { confToService } from '../sdk/rules.js';
import { configureCluster } from './configurer.js';
import type { ${n.kind}Conf, ${n.kind}Spec } from './schema.js';

interface Matched${n.pascal} extends Matched {
  readonly policies: MatchedPolicies<${n.kind}Spec>;
}

/** Effect in Envoy: say which listeners, routes and clusters change. */
export const ${n.camel}Plugin: PolicyPlugin<Matched${n.pascal}> = {
  match(context, proxy) {
    const policies = matchPolicies<${n.kind}Spec>(context, proxy, '${n.kind}');
    return { policies, outboundKey: policies.key };
  },

  configureCluster({ policies }, { service, cluster }) {
    configureCluster(cluster, confToService<${n.kind}Conf>(policies.all, service));
  },
};
`;

const configurer = (n) => `import { type ClusterModel, durationOf } from '@mesh/xds';
import { msOf } from '../sdk/fields.js';
import type { ${n.kind}Conf } from './schema.js';

/** Puts a conf into effect on a cluster; without one the cluster stays as it is. */
export function configureCluster(cluster: ClusterModel, conf: ${n.kind}Conf | undefined): void {
  const connectTimeoutMs = msOf(conf?.connectTimeout);
  if (connectTimeoutMs !== undefined) cluster.message.connectTimeout = durationOf(connectTimeoutMs);
}
`;

const test = (n) => `import { runPolicyCases } from '../../test/run-policy-cases.js';
import { ${n.camel} } from './index.js';

runPolicyCases(${n.camel}, import.meta.dirname);
`;

const effectCase = (n) => `proxy: web-1
---
type: Mesh
name: default
---
type: Dataplane
mesh: default
name: web-1
networking:
  address: 192.168.0.1
  inbound:
    - port: 8080
      tags: { kuma.io/service: web, kuma.io/protocol: http }
  outbound:
    - port: 10001
      tags: { kuma.io/service: backend }
---
type: Dataplane
mesh: default
name: backend-1
networking:
  address: 192.168.0.2
  inbound:
    - port: 80
      tags: { kuma.io/service: backend, kuma.io/protocol: http }
---
type: ${n.kind}
mesh: default
name: example
spec:
  to:
    - targetRef: { kind: MeshService, name: backend }
      default: { connectTimeout: 1500ms }
`;

const invalidCase = (n) => `type: ${n.kind}
mesh: default
name: example
spec:
  to:
    - targetRef: { kind: Mesh }
      default: { connectTimeout: 0s }
`;

const readme = (n) => `# ${n.kind}

## Purpose

What a ${n.words} is for.

## Fields

| field | meaning |
|---|---|
| \`to[].default.connectTimeout\` | what it means, its unit, its bounds and its default |

## Example

\`\`\`yaml
type: ${n.kind}
name: example
mesh: default
spec:
  to:
    - targetRef: { kind: MeshService, name: backend }
      default: { connectTimeout: 1500ms }
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
      [`${dir}/kind.ts`]: kind(n),
      [`${dir}/schema.ts`]: schema(n),
      [`${dir}/validate.ts`]: validate(n),
      [`${dir}/plugin.ts`]: plugin(n),
      [`${dir}/configurer.ts`]: configurer(n),
      [`${dir}/${n.kebab}.test.ts`]: test(n),
      [`${dir}/README.md`]: readme(n),
      [`${dir}/testdata/to-a-service.input.yaml`]: effectCase(n),
      [`${dir}/testdata/invalid/not-positive.input.yaml`]: invalidCase(n),
    };
  },
  next: (name) => `\nnext: say what it holds in packages/policies/src/${name}/schema.ts and what it does in plugin.ts, then
  pnpm --filter @mesh/policies run test ${name} -u     and read the goldens it writes
`,
};
