import { z } from 'zod';
import { matchSchema } from '../sdk/inbound-rules.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const version = z.enum(['TLSAuto', 'TLS10', 'TLS11', 'TLS12', 'TLS13']).default('TLSAuto');

const confSchema = z.object({
  tlsVersion: z.object({ min: version, max: version }).optional(),
  /** For TLS up to 1.2; those of 1.3 are fixed. */
  tlsCiphers: z
    .array(
      z.enum([
        'ECDHE-ECDSA-AES128-GCM-SHA256',
        'ECDHE-ECDSA-AES256-GCM-SHA384',
        'ECDHE-ECDSA-CHACHA20-POLY1305',
        'ECDHE-RSA-AES128-GCM-SHA256',
        'ECDHE-RSA-AES256-GCM-SHA384',
        'ECDHE-RSA-CHACHA20-POLY1305',
      ]),
    )
    .optional(),
  /** Permissive lets plaintext in beside mTLS; the mode of the mesh where left out. */
  mode: z.enum(['Permissive', 'Strict']).optional(),
});

const conf = confSchema.prefault({});

/** Shape of the spec of a MeshTLS. */
export const meshTlsSchema = z.object({
  /** Proxies it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  /** For inbound traffic; the form before `rules`. */
  from: z.array(z.object({ targetRef: targetRefSchema, default: conf })).optional(),
  /** For inbound traffic. */
  rules: z.array(z.object({ matches: z.array(matchSchema).optional(), default: conf })).optional(),
});

export type MeshTlsSpec = z.infer<typeof meshTlsSchema>;
export type TlsConf = z.infer<typeof confSchema>;
