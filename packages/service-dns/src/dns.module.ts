import type { ServiceOptions } from '@mesh/runtime';
import { SERVICE_RUNNER } from '@mesh/runtime';
import { type DynamicModule, Module } from '@nestjs/common';
import { DnsRunner } from './runner.js';

/** The .mesh DNS resolver: reads virtual IPs from the zone control plane, answers on UDP and TCP 5653. */
@Module({})
export class DnsModule {
  static forRoot(options: ServiceOptions): DynamicModule {
    return {
      module: DnsModule,
      providers: [{ provide: SERVICE_RUNNER, useFactory: () => new DnsRunner(options) }],
      exports: [SERVICE_RUNNER],
    };
  }
}
