import type { ServiceFactory } from '@mesh/runtime';
import { ApiModule } from '@mesh/service-api';

/** What runs in this process. */
export const appServices: readonly ServiceFactory[] = [
  // Reads: the view of its control plane. Publishes: the REST API; hands writes to the control plane.
  (options) => ApiModule.forRoot(options),
];
