import { z } from 'zod';
import { targetRefSchema } from '../sdk/target-ref.js';

const jsonPatchSchema = z.object({
  op: z.enum(['add', 'remove', 'replace', 'move', 'copy']),
  /** JSON pointer in Envoy's JSON form of the message. */
  path: z.string(),
  value: z.json().optional(),
  from: z.string().optional(),
});

const change = {
  /** A message of Envoy in YAML. */
  value: z.string().optional(),
  /** RFC 6902, for Patch only; an alternative to `value`. */
  jsonPatches: z.array(jsonPatchSchema).optional(),
};

const tags = z.record(z.string(), z.string());
const named = { origin: z.string().optional(), name: z.string().optional() };
const filterMatch = z.object({ ...named, listenerName: z.string().optional(), listenerTags: tags.optional() });
const filterOperation = z.enum(['Remove', 'Patch', 'AddFirst', 'AddBefore', 'AddAfter', 'AddLast']);
const operation = z.enum(['Add', 'Remove', 'Patch']);

const modificationSchema = z.object({
  cluster: z.object({ match: z.object(named).optional(), operation, ...change }).optional(),
  listener: z.object({ match: z.object({ ...named, tags: tags.optional() }).optional(), operation, ...change }).optional(),
  networkFilter: z.object({ match: filterMatch.optional(), operation: filterOperation, ...change }).optional(),
  httpFilter: z.object({ match: filterMatch.optional(), operation: filterOperation, ...change }).optional(),
  virtualHost: z.object({ match: z.object({ ...named, routeConfigurationName: z.string().optional() }), operation, ...change }).optional(),
});

/** Shape of the spec of a MeshProxyPatch. */
export const meshProxyPatchSchema = z.object({
  /** Proxies it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  default: z.object({
    /** Changes, in order; those of stronger policies come after. */
    appendModifications: z.array(modificationSchema).optional(),
  }),
});

export type MeshProxyPatchSpec = z.infer<typeof meshProxyPatchSchema>;
export type ProxyModification = z.infer<typeof modificationSchema>;
export type JsonPatch = z.infer<typeof jsonPatchSchema>;
