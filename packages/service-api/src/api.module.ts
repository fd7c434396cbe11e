import { SERVICE_RUNNER, type ServiceOptions } from '@mesh/runtime';
import { type DynamicModule, Module } from '@nestjs/common';
import { ApiRunner } from './api-runner.js';

/** The REST API as a Nest module: reads the view of the control plane, hands it writes, listens on 5681 and 5682. */
@Module({})
export class ApiModule {
  static forRoot(options: ServiceOptions): DynamicModule {
    return {
      module: ApiModule,
      providers: [{ provide: SERVICE_RUNNER, useFactory: () => new ApiRunner(options) }],
      exports: [SERVICE_RUNNER],
    };
  }
}
