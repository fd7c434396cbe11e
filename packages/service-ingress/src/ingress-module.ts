import 'reflect-metadata';
import { SERVICE_RUNNER, type ServiceOptions } from '@mesh/runtime';
import { type DynamicModule, Module } from '@nestjs/common';
import { IngressRunner } from './ingress-runner.js';

/** Nest module of the ingress manager. It provides its runner under `SERVICE_RUNNER`. */
@Module({})
export class IngressModule {
  static forRoot(options: ServiceOptions): DynamicModule {
    return {
      module: IngressModule,
      providers: [{ provide: SERVICE_RUNNER, useFactory: () => new IngressRunner(options) }],
      exports: [SERVICE_RUNNER],
    };
  }
}
