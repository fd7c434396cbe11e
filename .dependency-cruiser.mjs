import { rulesOf } from './tooling/repo-check/src/boundaries.mjs';

/** Import arrows of docs/architecture.md, purity of domain packages, no cycles. Roles are read from the manifests. */
export default {
  forbidden: rulesOf(import.meta.dirname),
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|testdata|fixtures|\\.vitest)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
