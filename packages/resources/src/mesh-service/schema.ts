import { z } from 'zod';
import { labelSelector } from '../plugin/index.js';

const portSchema = z.object({
  /** How policies and routes call the port; its number where left out. */
  name: z.string().optional(),
  /** Clients use this one. */
  port: z.int(),
  /** Number or name of the inbound; the same as `port` where left out. */
  targetPort: z.union([z.int(), z.string()]).optional(),
  /** What is spoken there: tcp, http, http2, grpc, kafka; others are taken for tcp. */
  appProtocol: z
    .string()
    .default('tcp')
    .overwrite((protocol) => protocol || 'tcp'),
});

/** Shape of the spec of a MeshService. */
export const meshServiceSchema = z.object({
  /** Whether any proxy is there to serve; kept by the control plane. */
  state: z.enum(['Available', 'Unavailable']).default('Unavailable'),
  /** The Dataplanes that offer the service; one of the fields. */
  selector: z
    .object({
      /** Tags of an inbound. */
      dataplaneTags: z.record(z.string(), z.string()).optional(),
      /** One Dataplane by name. */
      dataplaneRef: z.object({ name: z.string().optional() }).optional(),
      /** Labels of the Dataplane. */
      dataplaneLabels: labelSelector.optional(),
    })
    .default({}),
  ports: z.array(portSchema).optional(),
  /** Who may answer for the service; kept by the control plane. */
  identities: z.array(z.object({ type: z.enum(['ServiceTag', 'SpiffeID']), value: z.string() })).optional(),
});

export type MeshServiceSpec = z.infer<typeof meshServiceSchema>;

/** Ports with the sections of their SNIs. */
export function meshServicePorts({ ports }: MeshServiceSpec): { port: number; section: string }[] {
  return (ports ?? []).map(({ port, name }) => ({ port, section: name ?? String(port) }));
}
