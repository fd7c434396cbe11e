import { z } from 'zod';
import { matchSchema } from '../sdk/inbound-rules.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const actionSchema = z.enum(['Allow', 'Deny', 'AllowWithShadowDeny']);

/** Shape of the spec of a MeshTrafficPermission. */
export const meshTrafficPermissionSchema = z.object({
  /** Proxies it protects; all where left out. */
  targetRef: targetRefSchema.optional(),
  /** Callers and what they may do; later entries override earlier ones. */
  from: z.array(z.object({ targetRef: targetRefSchema, default: z.object({ action: actionSchema.optional() }) })).optional(),
  /** Callers by certificate; whoever is denied anywhere is denied. */
  rules: z
    .array(
      z.object({
        default: z.object({
          deny: z.array(matchSchema).optional(),
          allow: z.array(matchSchema).optional(),
          /** Lets in, and counts what a deny would have stopped. */
          allowWithShadowDeny: z.array(matchSchema).optional(),
        }),
      }),
    )
    .optional(),
});

export type MeshTrafficPermissionSpec = z.infer<typeof meshTrafficPermissionSchema>;
export type PermissionAction = z.infer<typeof actionSchema>;
export type PermissionMatch = z.infer<typeof matchSchema>;
