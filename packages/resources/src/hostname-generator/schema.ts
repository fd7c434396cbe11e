import { z } from 'zod';
import { extensionConfig, labelSelector } from '../plugin/index.js';

/** Shape of the spec of a HostnameGenerator. */
export const hostnameGeneratorSchema = z.object({
  /** The services that get a name; one of the fields. */
  selector: z
    .object({
      meshService: labelSelector.optional(),
      meshExternalService: labelSelector.optional(),
      meshMultiZoneService: labelSelector.optional(),
    })
    .optional(),
  /** Of the name: `{{ .Name }}`, `.DisplayName`, `.Namespace`, `.Mesh`, `.Zone` and `label "key"`. */
  template: z.string(),
  /** An extension that makes names instead. */
  extension: z.object({ type: z.string(), config: extensionConfig.optional() }).optional(),
});

export type HostnameGeneratorSpec = z.infer<typeof hostnameGeneratorSchema>;
