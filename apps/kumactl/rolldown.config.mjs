import { builtinModules } from 'node:module';

/**
 * kumactl starts hundreds of times a day, for a few milliseconds of work: its modules and those it uses go into a few
 * files, one of them per command, and what a command does not need is not read.
 */
const config = {
  input: 'src/main.ts',
  platform: 'node',
  // Packages of this repository are taken from their sources, as tests do.
  resolve: { conditionNames: ['source', 'import', 'node', 'default'] },
  external: [/^node:/, ...builtinModules],
  // No package of this repository, nor a library used here, does anything by being loaded, except for this one.
  treeshake: {
    moduleSideEffects: [
      { test: /[\\/]reflect-metadata[\\/]/, sideEffects: true },
      { test: /./, sideEffects: false },
    ],
  },
  output: { dir: 'dist', format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
};
export default config;
