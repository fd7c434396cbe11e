import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asciiOnly, withoutOtherDatabases } from './plugins.mjs';

/** Parts of Nest and others that are loaded where they are installed, which here they never are. */
const OPTIONAL = [/^@nestjs\/(microservices|websockets|platform-express)(\/|$)/, 'class-transformer', 'class-validator', 'pg-native'];

/** What the page at `/openapi` is made of. */
export const REST_API_PAGE = { 'swagger-ui-dist': ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png', 'LICENSE', 'NOTICE'] };

/** The program of workers that take streams off a control plane: it finds it beside its own. */
export const STREAM_WORKER = { 'stream-worker': '../../packages/grpc/src/workers/stream-worker.ts' };

/**
 * The rolldown configuration of a program: all it needs goes into `dist/main.js` and a few files beside it, so that it runs
 * without `node_modules`, starts in half the time, and an image of it is small.
 *
 * Names and lines are kept, as stack traces are read by people; source maps lie beside the files for
 * `NODE_OPTIONS=--enable-source-maps`.
 * @param programs others that it starts, by name: `dist/NAME.js` each.
 * @param assets files of packages that are read at run time, by package: they go to `dist/node_modules`, where `require.resolve`
 *   finds them.
 */
export function programBundle({ assets = {}, programs = {} } = {}) {
  return {
    input: { main: 'src/main.ts', ...programs },
    platform: 'node',
    // Packages of this repository are taken from their sources, as tests do.
    resolve: { conditionNames: ['source', 'node'] },
    external: OPTIONAL,
    // No package of this repository does anything by being loaded.
    treeshake: { moduleSideEffects: [{ test: /[\\/]packages[\\/][^\\/]+[\\/]src[\\/]/, sideEffects: false }] },
    plugins: [withoutOtherDatabases(), asciiOnly(), copied(assets)],
    logLevel: 'warn',
    output: {
      dir: 'dist',
      format: 'esm',
      cleanDir: true,
      comments: { legal: false, annotation: false, jsdoc: false },
      sourcemap: true,
      // The text of sources would be half of it; they are in the repository.
      sourcemapExcludeSources: true,
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
    },
  };
}

/** Copies files of installed packages below `dist/node_modules`. */
function copied(assets) {
  return {
    name: 'copied-assets',
    writeBundle({ dir }) {
      for (const [name, files] of Object.entries(assets)) {
        const from = packageDir(name);
        const to = join(dir, 'node_modules', name);
        mkdirSync(to, { recursive: true });
        for (const file of ['package.json', ...files]) copyFileSync(join(from, file), join(to, file));
      }
    },
  };
}

/** Where the package of this repository that depends on `name` has it. */
function packageDir(name) {
  const owner = new URL('../../packages/http-api/package.json', import.meta.url);
  const dependencies = JSON.parse(readFileSync(owner, 'utf8')).dependencies;
  if (!Object.hasOwn(dependencies, name)) throw new Error(`${name} is no dependency of ${fileURLToPath(owner)}`);
  return dirname(createRequire(owner).resolve(`${name}/package.json`));
}
