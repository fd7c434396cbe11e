import { readWorkspace } from './workspace.mjs';

/** Roles each role may import (docs/architecture.md, "Import arrows"). `test` packages are for tests only. */
const ARROWS = {
  app: ['service', 'runtime', 'adapter', 'domain', 'contract'],
  service: ['runtime', 'adapter', 'domain', 'contract'],
  adapter: ['domain', 'contract'],
  contract: [],
  test: ['service', 'runtime', 'adapter', 'domain', 'contract', 'test'],
  tooling: ['tooling'],
  e2e: ['service', 'runtime', 'adapter', 'domain', 'contract', 'test'],
  bench: ['service', 'runtime', 'adapter', 'domain', 'contract'],
};

/** Packages whose arrows are narrower than their role's, each with all it may import. */
const NARROW = {
  core: [],
  resources: ['core'],
  delta: ['core'],
  identity: ['resources', 'core'],
  kds: ['resources', 'identity', 'core', 'proto'],
  xds: ['resources', 'delta', 'core', 'proto'],
  policies: ['xds', 'resources', 'core', 'proto'],
  runtime: ['core'],
};

/** The services other services may import. */
const SHARED_SERVICES = ['control-plane', 'service-client', 'lab-kit'];

/** Tests, and how a package is tested and bundled: no part of the programs. */
const TEST_CODE = '(\\.test\\.ts|\\.test\\.mjs|/(vitest|rolldown)\\.config\\.(ts|mjs))$|^[^/]+/[^/]+/(test|scripts)/';
const IMPURE = '(^|/)(typeorm|@nestjs|ioredis|@grpc|pg|pino|fastify)(/|$)';

/** The dependency-cruiser rules of a checkout. */
export function rulesOf(root) {
  const packages = readWorkspace(root);
  return [
    ...packages.map((pkg) => arrowRule(pkg, packages)),
    ...purityRules(packages),
    ...testRules(packages),
    ...folderRules(),
    ...GENERAL_RULES,
  ];
}

/** Directories of the packages that `pkg` may import, itself included. */
export function allowedDirs(pkg, packages) {
  const short = pkg.dir.replace(/^packages\//, '');
  const narrow = pkg.dir.startsWith('packages/') && Object.hasOwn(NARROW, short) ? NARROW[short] : undefined;
  const allowed = packages.filter((other) => {
    if (other.dir === pkg.dir) return true;
    if (other.role === 'app') return false;
    if (narrow) return narrow.includes(other.dir.replace(/^packages\//, ''));
    if (pkg.role === 'service' && SHARED_SERVICES.some((name) => other.dir === `packages/${name}`)) return true;
    return (ARROWS[pkg.role] ?? []).includes(other.role);
  });
  return allowed.map((other) => other.dir);
}

function arrowRule(pkg, packages) {
  const allowed = allowedDirs(pkg, packages).map(escapeRegExp);
  return {
    name: `arrows-of-${pkg.dir.replace('/', '-')}`,
    comment: `${pkg.dir} (${pkg.role}) may import only: ${allowedDirs(pkg, packages).join(', ')}`,
    severity: 'error',
    from: { path: `^${escapeRegExp(pkg.dir)}/`, pathNot: TEST_CODE },
    to: { path: '^(apps|packages|tooling|test-e2e|bench)/', pathNot: [`^(${allowed.join('|')})/`, '/node_modules/'] },
  };
}

function purityRules(packages) {
  const domain = packages.filter(({ role }) => role === 'domain').map(({ dir }) => escapeRegExp(dir));
  if (domain.length === 0) return [];
  return [
    {
      name: 'domain-is-pure',
      comment: 'Domain packages use no Nest, gRPC, SQL, Redis, HTTP server or logging library.',
      severity: 'error',
      from: { path: `^(${domain.join('|')})/`, pathNot: TEST_CODE },
      to: { path: IMPURE },
    },
  ];
}

function testRules(packages) {
  const dirs = packages.filter(({ role }) => role === 'test').map(({ dir }) => `^${escapeRegExp(dir)}/`);
  return [
    {
      name: 'test-code-stays-in-tests',
      comment: 'Packages of the role test, and vitest, are for tests.',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: [TEST_CODE, ...dirs] },
      to: { path: [...dirs, '(^|/)node_modules/(vitest|fast-check)/', '\\.test\\.ts$'].join('|') },
    },
  ];
}

function folderRules() {
  return [
    {
      name: 'policy-folders-are-apart',
      comment: 'A policy reaches only itself and sdk/; what two policies share belongs there.',
      severity: 'error',
      from: { path: '^packages/policies/src/([^/]+)/' },
      to: { path: '^packages/policies/src/', pathNot: '^packages/policies/src/($1|sdk)/' },
    },
    {
      name: 'descriptors-load-no-envoy-types',
      comment: 'What @mesh/policies/kinds reaches must not load the types of Envoy: kumactl starts with it.',
      severity: 'error',
      from: { path: '^packages/policies/src/[^/]+/(kind|schema|validate)\\.ts$' },
      to: { path: ['^packages/(xds|proto)/', '/(plugin|configurer)\\.ts$'], dependencyTypesNot: ['type-only'] },
    },
  ];
}

const GENERAL_RULES = [
  {
    name: 'apps-are-imported-by-nobody',
    comment: 'Apps wire; what two of them share belongs in a package.',
    severity: 'error',
    from: { path: '^(apps/[^/]+|packages|test-e2e|bench|tooling)/' },
    to: { path: '^apps/', pathNot: ['^$1/', '/node_modules/'] },
  },
  {
    name: 'no-cycles',
    comment: 'Two modules that need each other are one, or lack a third.',
    severity: 'error',
    from: { pathNot: '/node_modules/|/src/gen/' },
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'no-unresolved',
    comment: 'Every import must resolve.',
    severity: 'error',
    from: { pathNot: '/fixtures/' },
    to: { couldNotResolve: true },
  },
];

function escapeRegExp(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
