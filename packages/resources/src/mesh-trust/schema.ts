import { z } from 'zod';

/** Shape of the spec of a MeshTrust. */
export const meshTrustSchema = z.object({
  /** The MeshIdentity it was made from; the form before `status.origin`. */
  origin: z.object({ kri: z.string().optional() }).optional(),
  /** Of the SPIFFE ids these CAs sign. */
  trustDomain: z.string().max(253),
  caBundles: z
    .array(
      z.object({
        type: z.enum(['Pem']),
        /** Certificates one after the other. */
        pem: z.object({ value: z.string() }).optional(),
      }),
    )
    .min(1),
});

export type MeshTrustSpec = z.infer<typeof meshTrustSchema>;
