import { z } from 'zod';
import { portNumber } from '../plugin/index.js';

/** Shape of the spec of a MeshZoneAddress. */
export const meshZoneAddressSchema = z.object({
  /** IP address or host name. */
  address: z.string().min(1),
  port: portNumber,
});

export type MeshZoneAddressSpec = z.infer<typeof meshZoneAddressSchema>;
