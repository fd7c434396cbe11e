import { z } from 'zod';
import { backendRefSchema } from '../sdk/backend-ref.js';
import { targetRefSchema } from '../sdk/target-ref.js';

const METHODS = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'] as const;

const matchSchema = z.object({
  path: z.object({ type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']), value: z.string() }).optional(),
  method: z.enum(METHODS).optional(),
  queryParams: z.array(z.object({ type: z.enum(['Exact', 'RegularExpression']), name: z.string(), value: z.string() })).optional(),
  headers: z
    .array(
      z.object({
        /** Exact where left out. */
        type: z.enum(['Exact', 'Present', 'RegularExpression', 'Absent', 'Prefix']).optional(),
        name: z.string(),
        value: z.string().optional(),
      }),
    )
    .optional(),
});

const headerSchema = z.object({ name: z.string(), value: z.string() });

const headerModifierSchema = z.object({
  set: z.array(headerSchema).optional(),
  add: z.array(headerSchema).optional(),
  remove: z.array(z.string()).optional(),
});

const pathRewriteSchema = z.object({
  type: z.enum(['ReplaceFullPath', 'ReplacePrefixMatch']),
  replaceFullPath: z.string().optional(),
  replacePrefixMatch: z.string().optional(),
});

const filterSchema = z.object({
  type: z.enum(['RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestRedirect', 'URLRewrite', 'RequestMirror']),
  requestHeaderModifier: headerModifierSchema.optional(),
  responseHeaderModifier: headerModifierSchema.optional(),
  requestRedirect: z
    .object({
      scheme: z.enum(['http', 'https']).optional(),
      hostname: z.string().optional(),
      path: pathRewriteSchema.optional(),
      port: z.int().min(1).max(65535).optional(),
      statusCode: z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]).optional(),
    })
    .optional(),
  urlRewrite: z
    .object({ hostname: z.string().optional(), path: pathRewriteSchema.optional(), hostToBackendHostname: z.boolean().optional() })
    .optional(),
  requestMirror: z.object({ percentage: z.union([z.int(), z.string()]).optional(), backendRef: backendRefSchema }).optional(),
});

const confSchema = z.object({
  filters: z.array(filterSchema).optional(),
  /** Where the requests go, by weight; the destination itself where left out. */
  backendRefs: z.array(backendRefSchema).optional(),
});

const ruleSchema = z.object({
  /** One of them has to hold. */
  matches: z.array(matchSchema),
  default: confSchema,
});

/** Shape of the spec of a MeshHTTPRoute. */
export const meshHttpRouteSchema = z.object({
  /** Proxies whose outbounds it is for; all where left out. */
  targetRef: targetRefSchema.optional(),
  to: z
    .array(
      z.object({
        /** Destination the application calls. */
        targetRef: targetRefSchema,
        /** For gateways only. */
        hostnames: z.array(z.string()).optional(),
        rules: z.array(ruleSchema).optional(),
      }),
    )
    .optional(),
});

export type MeshHttpRouteSpec = z.infer<typeof meshHttpRouteSchema>;
export type RouteRule = z.infer<typeof ruleSchema>;
export type RouteMatch = z.infer<typeof matchSchema>;
export type RouteFilter = z.infer<typeof filterSchema>;
export type RouteConf = z.infer<typeof confSchema>;
export type PathRewriteSpec = z.infer<typeof pathRewriteSchema>;
