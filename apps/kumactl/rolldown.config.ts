import type { InputOptions, OutputOptions } from 'rolldown';

/**
 * kumactl starts hundreds of times a day, for a few milliseconds of work: its modules and those it uses go into a few
 * files, most of them for one command, and what a command does not need is not read. `run.js` is for programs that need
 * several commands in one process.
 */
const config = {
  input: { main: 'src/main.ts', run: 'src/run.ts' },
  platform: 'node',
  // Packages of this repository are taken from their sources, as tests do.
  resolve: { conditionNames: ['source', 'import', 'node', 'default'] },
  // No package of this repository, nor a library used here, does anything by being loaded, except for this one.
  treeshake: {
    moduleSideEffects: [
      { test: /[\\/]reflect-metadata[\\/]/, sideEffects: true },
      { test: /./, sideEffects: false },
    ],
  },
  output: { dir: 'dist', format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
} satisfies InputOptions & { readonly output: OutputOptions };
export default config;
