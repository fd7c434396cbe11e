const index = (n) => `import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type ${n.kind}Spec, ${n.camel}Schema } from './schema.js';
import { validate${n.pascal} } from './validate.js';

/** What a ${n.words} is, for whoever meets it first. */
export const ${n.camel}: ResourceDescriptor<${n.kind}Spec> = defineKind<${n.kind}Spec>({
  kind: '${n.kind}',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: '${n.plural}',
  cli: { singular: '${n.singular}', plural: '${n.plural}' },
  displayName: { singular: '${n.words}', plural: '${n.words}s' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  schema: ${n.camel}Schema,
  validate: validate${n.pascal},
});
`;

const schema = (n) => `import { z } from 'zod';

/** Shape of the spec of a ${n.kind}. The comment on a field is its documentation. */
export const ${n.camel}Schema = z.object({
  /** What the field means, its unit and its bounds. */
  weight: z.int().optional(),
});

export type ${n.kind}Spec = z.infer<typeof ${n.camel}Schema>;
`;

const validate = (n) => `import type { Violations } from '@mesh/core';
import type { ${n.kind}Spec } from './schema.js';

/** Rules over the fields of a ${n.kind} that its schema cannot say; rooted at \`spec\`. */
export function validate${n.pascal}(spec: ${n.kind}Spec, violations: Violations): void {
  if (spec.weight !== undefined && spec.weight < 0) violations.field('weight').add('must not be negative');
}
`;

const test = (n) => `import { Violations } from '@mesh/core';
import { expect, test } from 'vitest';
import { ${n.camel} } from './index.js';

const context = { name: 'a', mesh: 'default', labels: {} };

test('a ${n.kind} with a negative weight is refused at its field', () => {
  const violations = Violations.at('spec');
  ${n.camel}.validate?.(${n.camel}.schema.parse({ weight: -1 }), violations, context);
  expect(violations.list).toEqual([{ field: 'spec.weight', message: 'must not be negative' }]);
});

test('a ${n.kind} without a weight is accepted', () => {
  const violations = Violations.at('spec');
  ${n.camel}.validate?.(${n.camel}.schema.parse({}), violations, context);
  expect(violations.ok).toBe(true);
});
`;

const readme = (n) => `# ${n.kind}

## Purpose

What a ${n.words} is for.

## Fields

| field | meaning |
|---|---|
| \`weight\` | what it means, its unit and its bounds |
`;

/** A core kind: one folder with a descriptor. */
export const kind = {
  files(n) {
    const dir = `packages/resources/src/${n.kebab}`;
    return {
      [`${dir}/index.ts`]: index(n),
      [`${dir}/schema.ts`]: schema(n),
      [`${dir}/validate.ts`]: validate(n),
      [`${dir}/${n.kebab}.test.ts`]: test(n),
      [`${dir}/README.md`]: readme(n),
    };
  },
  next: (name) => `\nnext: say what it holds in packages/resources/src/${name}/schema.ts, then
  pnpm --filter @mesh/resources run test
`,
};
