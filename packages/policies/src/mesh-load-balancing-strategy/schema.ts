import { z } from 'zod';
import { goDuration, intOrDecimal, uint32 } from '../sdk/fields.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const hashPolicySchema = z.object({
  type: z.enum(['Header', 'Cookie', 'Connection', 'SourceIP', 'QueryParameter', 'FilterState']),
  /** Ends the list where this policy found something to hash. */
  terminal: z.boolean().optional(),
  header: z.object({ name: z.string().min(1) }).optional(),
  cookie: z
    .object({
      name: z.string().min(1),
      /** Makes Envoy set the cookie where a client has none. */
      ttl: goDuration.optional(),
      path: z.string().optional(),
    })
    .optional(),
  connection: z.object({ sourceIP: z.boolean().optional() }).optional(),
  queryParameter: z.object({ name: z.string().min(1) }).optional(),
  filterState: z.object({ key: z.string().min(1) }).optional(),
});

const ringSize = z.int().min(1).max(8_000_000);

const loadBalancerSchema = z.object({
  type: z.enum(['RoundRobin', 'LeastRequest', 'RingHash', 'Random', 'Maglev']),
  leastRequest: z
    .object({
      /** Instances compared for each request; 2 by default. */
      choiceCount: z.int().min(2).optional(),
      /** How much open requests count against weights; 1 by default. */
      activeRequestBias: intOrDecimal.optional(),
    })
    .optional(),
  ringHash: z
    .object({
      hashFunction: z.enum(['XXHash', 'MurmurHash2']).optional(),
      minRingSize: ringSize.optional(),
      maxRingSize: ringSize.optional(),
      /** The form before `hashPolicies` of the conf. */
      hashPolicies: z.array(hashPolicySchema).optional(),
    })
    .optional(),
  maglev: z
    .object({
      /** A prime number. */
      tableSize: z.int().min(1).max(5_000_011).optional(),
      hashPolicies: z.array(hashPolicySchema).optional(),
    })
    .optional(),
});

const failoverSchema = z.object({
  /** Zones of the callers; all where left out. */
  from: z.object({ zones: z.array(z.string()) }).optional(),
  /** Zones that take over. */
  to: z.object({ type: z.enum(['None', 'Only', 'Any', 'AnyExcept']), zones: z.array(z.string()).optional() }),
});

const localitySchema = z.object({
  /** Spreads traffic over all zones alike. */
  disabled: z.boolean().optional(),
  localZone: z
    .object({
      /** Tags a caller prefers to share with an instance, most important first. */
      affinityTags: z.array(z.object({ key: z.string(), weight: uint32.optional() })).optional(),
    })
    .optional(),
  crossZone: z
    .object({
      failover: z.array(failoverSchema).optional(),
      /** Share of healthy instances below which the next zones take over; 50 by default. */
      failoverThreshold: z.object({ percentage: intOrDecimal }).optional(),
    })
    .optional(),
});

const confSchema = z.object({
  localityAwareness: localitySchema.optional(),
  loadBalancer: loadBalancerSchema.optional(),
  /** What of a request decides which instance gets it, for RingHash and Maglev. */
  hashPolicies: z.array(hashPolicySchema).optional(),
});

/** Shape of the spec of a MeshLoadBalancingStrategy. */
export const meshLoadBalancingStrategySchema = z.object({
  /** Proxies whose outbounds it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  /** For outbound traffic, by destination. */
  to: z.array(z.object({ targetRef: targetRefSchema, default: confSchema.prefault({}) })).optional(),
});

export type MeshLoadBalancingStrategySpec = z.infer<typeof meshLoadBalancingStrategySchema>;
export type BalancingConf = z.infer<typeof confSchema>;
export type BalancerConf = z.infer<typeof loadBalancerSchema>;
export type LocalityConf = z.infer<typeof localitySchema>;
export type Failover = z.infer<typeof failoverSchema>;
export type HashPolicyConf = z.infer<typeof hashPolicySchema>;
