import { z } from 'zod';
import { extensionConfig, goDuration, labelSelector } from '../plugin/index.js';

/** Where the control plane of each zone reads a PEM from; the field the type names. */
const sourceSchema = z.object({
  type: z.enum(['File', 'Secret', 'EnvVar', 'InsecureInline']),
  /** On the disk of the control plane. */
  file: z.object({ path: z.string() }).optional(),
  secretRef: z.object({ kind: z.enum(['Secret']), name: z.string() }).optional(),
  /** Of the control plane. */
  envVar: z.object({ name: z.string() }).optional(),
  /** In the clear, for tests. */
  insecureInline: z.object({ value: z.string() }).optional(),
});

const bundledSchema = z.object({
  /** Whether a MeshTrust with the CA is made. */
  meshTrustCreation: z.enum(['Enabled', 'Disabled']).optional(),
  insecureAllowSelfSigned: z.boolean().optional(),
  certificateParameters: z
    .object({
      /** Life of the certificates of proxies. */
      expiry: goDuration.optional(),
    })
    .optional(),
  /** Lets the control plane make the CA. */
  autogenerate: z.object({ enabled: z.boolean().optional() }).optional(),
  ca: z.object({ certificate: sourceSchema.optional(), privateKey: sourceSchema.optional() }).optional(),
});

/** Shape of the spec of a MeshIdentity. */
export const meshIdentitySchema = z.object({
  /** The proxies it is for: nobody where left out, all with no labels. */
  selector: z.object({ dataplane: labelSelector.optional() }).optional(),
  /** Templates of the two parts of the SPIFFE id. */
  spiffeID: z.object({ trustDomain: z.string().optional(), path: z.string().optional() }).optional(),
  /** Who signs. */
  provider: z
    .object({
      type: z.enum(['Bundled', 'Spire', 'Extension']),
      bundled: bundledSchema.optional(),
      spire: z
        .object({
          /** How long a proxy waits for the agent; 1s where left out. */
          agent: z.object({ timeout: goDuration.optional() }).optional(),
        })
        .optional(),
      extension: z.object({ name: z.string(), config: extensionConfig.optional() }).optional(),
    })
    .optional(),
});

export type MeshIdentitySpec = z.infer<typeof meshIdentitySchema>;
export type MeshIdentityBundled = z.infer<typeof bundledSchema>;
export type MeshIdentitySource = z.infer<typeof sourceSchema>;
