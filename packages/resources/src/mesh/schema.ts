import {
  bool,
  boolValue,
  doubleValue,
  duration,
  enumOf,
  message,
  type ProtoField,
  protoSchema,
  repeated,
  struct,
  text,
} from '../proto-json/index.js';
import type {
  CertificateAuthorityBackend,
  DataplaneProxyConstraints,
  LoggingBackend,
  MembershipRule,
  MeshMtls,
  MeshRouting,
  MeshSpec,
  MetricsBackend,
  TracingBackend,
} from '../specs/index.js';
import { metricsBackendField, tagsField } from '../specs/schemas.js';

const caBackend = message<CertificateAuthorityBackend>({
  name: text,
  type: text,
  dpCert: message<NonNullable<CertificateAuthorityBackend['dpCert']>>({
    rotation: message<{ expiration?: string }>({ expiration: text }),
    requestTimeout: duration,
  }),
  conf: struct,
  mode: enumOf('kuma.mesh.v1alpha1.CertificateAuthorityBackend.Mode', ['STRICT', 'PERMISSIVE']),
  rootChain: message<{ requestTimeout?: string }>({ requestTimeout: duration }),
});

const rules = repeated(message<MembershipRule>({ tags: tagsField }));

function defaultAndBackends<Backend>(backend: ProtoField<Backend>): ProtoField<{ defaultBackend?: string; backends?: readonly Backend[] }> {
  return message<{ defaultBackend?: string; backends?: readonly Backend[] }>({ defaultBackend: text, backends: repeated(backend) });
}

/** Shape of a Mesh (contract/wire-protobuf.md, kuma.mesh.v1alpha1.Mesh). */
export const meshSchema = protoSchema<MeshSpec>(
  message<MeshSpec>({
    mtls: message<MeshMtls>({ enabledBackend: text, backends: repeated(caBackend), skipValidation: bool }),
    tracing: defaultAndBackends(message<TracingBackend>({ name: text, sampling: doubleValue, type: text, conf: struct })),
    logging: defaultAndBackends(message<LoggingBackend>({ name: text, format: text, type: text, conf: struct })),
    metrics: message<{ enabledBackend?: string; backends?: readonly MetricsBackend[] }>({
      enabledBackend: text,
      backends: repeated(metricsBackendField),
    }),
    networking: message<NonNullable<MeshSpec['networking']>>({ outbound: message<{ passthrough?: boolean }>({ passthrough: boolValue }) }),
    routing: message<MeshRouting>({ localityAwareLoadBalancing: bool, zoneEgress: bool, defaultForbidMeshExternalServiceAccess: bool }),
    constraints: message<NonNullable<MeshSpec['constraints']>>({
      dataplaneProxy: message<DataplaneProxyConstraints>({ requirements: rules, restrictions: rules }),
    }),
    skipCreatingInitialPolicies: repeated(text),
    meshServices: message<NonNullable<MeshSpec['meshServices']>>({
      mode: enumOf('kuma.mesh.v1alpha1.Mesh.MeshServices.Mode', ['Disabled', 'Everywhere', 'ReachableBackends', 'Exclusive']),
    }),
  }),
);
