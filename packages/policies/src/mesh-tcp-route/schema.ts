import { z } from 'zod';
import { backendRefSchema } from '../sdk/backend-ref.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const confSchema = z.object({
  /** Where the connections go, by weight. */
  backendRefs: z.array(backendRefSchema),
});

/** Shape of the spec of a MeshTCPRoute. */
export const meshTcpRouteSchema = z.object({
  /** Proxies whose outbounds it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  to: z
    .array(
      z.object({
        /** Destination the application connects to. */
        targetRef: targetRefSchema,
        /** At most one; none for the destination itself. */
        rules: z.array(z.object({ default: confSchema })).optional(),
      }),
    )
    .optional(),
});

export type MeshTcpRouteSpec = z.infer<typeof meshTcpRouteSchema>;
