import { SERVICE_RUNNER, type ServiceOptions } from '@mesh/runtime';
import { type DynamicModule, Module } from '@nestjs/common';
import { GlobalRunner } from './global-runner.js';

/** The global control plane as a Nest module. */
@Module({})
export class GlobalModule {
  static forRoot(options: ServiceOptions): DynamicModule {
    return {
      module: GlobalModule,
      providers: [{ provide: SERVICE_RUNNER, useFactory: () => new GlobalRunner(options) }],
      exports: [SERVICE_RUNNER],
    };
  }
}
