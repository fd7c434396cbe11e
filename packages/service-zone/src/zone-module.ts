import 'reflect-metadata';
import { SERVICE_RUNNER, type ServiceOptions } from '@mesh/runtime';
import { type DynamicModule, Module } from '@nestjs/common';
import { ZoneRunner } from './zone-runner.js';

/** Nest module of the zone control plane. It provides its runner under `SERVICE_RUNNER`. */
@Module({})
export class ZoneModule {
  static forRoot(options: ServiceOptions): DynamicModule {
    return {
      module: ZoneModule,
      providers: [{ provide: SERVICE_RUNNER, useFactory: () => new ZoneRunner(options) }],
      exports: [SERVICE_RUNNER],
    };
  }
}
