import { z } from 'zod';

/** Shape of the spec of a MeshMultiZoneService. */
export const meshMultiZoneServiceSchema = z.object({
  selector: z.object({
    /** Labels of the MeshServices it is made of. */
    meshService: z.object({ matchLabels: z.record(z.string(), z.string()).optional() }),
  }),
  ports: z
    .array(
      z.object({
        /** How policies and routes call the port; its number where left out. */
        name: z.string().optional(),
        port: z.int(),
        /** What is spoken there: tcp, http, http2, grpc, kafka; others are taken for tcp. */
        appProtocol: z
          .string()
          .default('tcp')
          .overwrite((protocol) => protocol || 'tcp'),
      }),
    )
    .min(1),
});

export type MeshMultiZoneServiceSpec = z.infer<typeof meshMultiZoneServiceSchema>;

/** Ports with the sections of their SNIs. */
export function meshMultiZoneServicePorts({ ports }: MeshMultiZoneServiceSpec): { port: number; section: string }[] {
  return ports.map(({ port, name }) => ({ port, section: name ?? String(port) }));
}
