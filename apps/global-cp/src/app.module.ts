import type { ServiceFactory } from '@mesh/runtime';
import { GlobalModule } from '@mesh/service-global';

/** What runs in this process. */
export const appServices: readonly ServiceFactory[] = [
  // Reads: REST writes of its api-gateway, insights of zones. Publishes: policies and meshes to the zones over KDS.
  (options) => GlobalModule.forRoot(options),
];
