import type { ServiceFactory } from '@mesh/runtime';
import { ZoneModule } from '@mesh/service-zone';

/** What runs in this process. */
export const appServices: readonly ServiceFactory[] = [
  // Reads: KDS of the global, dataplanes that register. Publishes: xDS to sidecars, insights to the global.
  (options) => ZoneModule.forRoot(options),
];
