const manifest = (n) =>
  `${JSON.stringify(
    {
      name: `@mesh/${n.kebab}`,
      version: '0.1.0',
      private: true,
      license: 'Apache-2.0',
      description: `The ${n.kebab} service.`,
      type: 'module',
      mesh: { role: 'app' },
      scripts: { build: 'rolldown -c rolldown.config.mjs', typecheck: 'tsc -p tsconfig.json --noEmit', test: 'vitest run' },
      dependencies: {
        '@mesh/core': 'workspace:*',
        '@mesh/runtime': 'workspace:*',
        '@nestjs/common': 'catalog:',
        'reflect-metadata': 'catalog:',
        rxjs: 'catalog:',
      },
      devDependencies: { rolldown: 'catalog:' },
    },
    null,
    2,
  )}\n`;

const main = (n) => `import { runService } from '@mesh/runtime';
import { AppModule } from './app.module.js';

await runService({
  name: '${n.kebab}',
  services: () => [(options) => AppModule.forRoot(options)],
  argv: process.argv.slice(2),
  env: process.env,
});
`;

const module = (n) => `import { SERVICE_RUNNER, type ServiceOptions } from '@mesh/runtime';
import { type DynamicModule, Module } from '@nestjs/common';
import { ${n.pascal}Runner } from './runner.js';

/**
 * What ${n.kebab} is made of, in the order it starts. Say of each part what it reads and what it publishes.
 */
@Module({})
export class AppModule {
  /** The module for one process. */
  static forRoot(options: ServiceOptions): DynamicModule {
    return { module: AppModule, providers: [{ provide: SERVICE_RUNNER, useFactory: () => new ${n.pascal}Runner(options.log) }] };
  }
}
`;

const runner = (n) => `import type { Logger, Runner } from '@mesh/core';

/** The life of ${n.kebab}. */
export class ${n.pascal}Runner implements Runner {
  readonly name = '${n.kebab}';

  constructor(private readonly log: Logger) {}

  /** Ready to serve once it resolves. */
  async start(): Promise<void> {
    this.log.info({}, 'ready');
  }

  /** Everything is released once it resolves. */
  async stop(): Promise<void> {
    this.log.info({}, 'stopped');
  }
}
`;

const test = (n) => `import { silentLogger } from '@mesh/core';
import { loadConfig, Health, Metrics, startServices } from '@mesh/runtime';
import { expect, test } from 'vitest';
import { AppModule } from '../src/app.module.js';

test('${n.kebab} starts and stops in an orderly way', async () => {
  const { config } = loadConfig({ env: {} });
  const options = { config, log: silentLogger, metrics: new Metrics(''), health: new Health() };
  const host = await startServices([(given) => AppModule.forRoot(given)], options);
  expect(host.runners.map(({ name }) => name)).toEqual(['${n.kebab}']);
  await host.stop();
});
`;

const bundle = `import { programBundle } from '../../tooling/bundle/program-bundle.mjs';

export default programBundle();
`;

const typecheck = `{
  "extends": "../../tooling/tsconfig/base.json",
  "compilerOptions": { "noEmit": true },
  "include": ["src", "test"]
}
`;

const vitest = `import { mergeConfig } from 'vitest/config';
import { baseConfig } from '../../tooling/vitest/base.mjs';

const config = mergeConfig(baseConfig, {});
export default config;
`;

const readme = (n) => `# @mesh/${n.kebab}

What ${n.kebab} serves, on which ports, and what it needs from the others.

\`bin/${n.kebab}\` starts it from a built checkout.
`;

const executable = (n) => `#!/usr/bin/env node
import { launchService } from '../tooling/provision/launch.mjs';

await launchService('${n.kebab}');
`;

/** A service: one app and its executable. */
export const app = {
  files(n) {
    const dir = `apps/${n.kebab}`;
    return {
      [`${dir}/package.json`]: manifest(n),
      [`${dir}/README.md`]: readme(n),
      [`${dir}/tsconfig.json`]: typecheck,
      [`${dir}/rolldown.config.mjs`]: bundle,
      [`${dir}/vitest.config.ts`]: vitest,
      [`${dir}/src/main.ts`]: main(n),
      [`${dir}/src/app.module.ts`]: module(n),
      [`${dir}/src/runner.ts`]: runner(n),
      [`${dir}/test/boot.test.ts`]: test(n),
      [`bin/${n.kebab}`]: executable(n),
    };
  },
  next: (name) => `\nnext: pnpm install, then
  pnpm --filter @mesh/${name} run test
`,
};
