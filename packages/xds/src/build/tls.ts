import { create } from '@bufbuild/protobuf';
import { packAny } from '@mesh/proto';
import { type TransportSocket, TransportSocketSchema } from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import { SubjectAltNameMatcher_SanType } from '@mesh/proto/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import { type SdsSecretConfig, SdsSecretConfigSchema } from '@mesh/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import {
  type CommonTlsContext,
  CommonTlsContextSchema,
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from '@mesh/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { isIp } from '../model/addresses.js';
import { identitySecretName, meshCaSecretName } from '../model/names.js';
import { adsSource } from './messages.js';

const TLS_SOCKET = 'envoy.transport_sockets.tls';

/** Certificate, key and trusted roots in PEM. */
export interface TlsMaterial {
  readonly certPem: string;
  readonly keyPem: string;
  readonly caPem: string;
}

/** TLS material that is made where a proxy needs it. */
export interface TlsOnDemand {
  /** Says all that `make` depends on: whoever has material of this version can do with it. */
  readonly version: string;
  readonly make: () => TlsMaterial;
}

/** Socket of an inbound that takes only clients of the mesh (contract/dataplane.md §2.6). */
export function meshDownstreamSocket(mesh: string): TransportSocket {
  const context = create(DownstreamTlsContextSchema, {
    commonTlsContext: meshTls(mesh, { case: 'prefix', value: `spiffe://${mesh}/` }),
    requireClientCertificate: true,
  });
  return socket(packAny(DownstreamTlsContextSchema, context));
}

/** Socket towards a service of the mesh: mTLS, checked against the SPIFFE id it must have. */
export function meshUpstreamSocket(mesh: string, spiffe: string, sni: string): TransportSocket {
  const common = meshTls(mesh, { case: 'exact', value: spiffe });
  common.alpnProtocols = ['kuma'];
  return socket(packAny(UpstreamTlsContextSchema, create(UpstreamTlsContextSchema, { commonTlsContext: common, sni })));
}

/** Socket of the admin listener: takes only the control plane. */
export function adminDownstreamSocket(material: TlsMaterial): TransportSocket {
  const context = create(DownstreamTlsContextSchema, {
    commonTlsContext: {
      tlsCertificates: [{ certificateChain: inlineBytes(material.certPem), privateKey: inlineBytes(material.keyPem) }],
      validationContextType: {
        case: 'validationContext',
        value: {
          trustedCa: inlineBytes(material.caPem),
          matchTypedSubjectAltNames: [
            { sanType: SubjectAltNameMatcher_SanType.DNS, matcher: { matchPattern: { case: 'exact', value: 'kuma-cp' } } },
          ],
        },
      },
    },
    requireClientCertificate: true,
  });
  return socket(packAny(DownstreamTlsContextSchema, context));
}

export interface ExternalTlsOptions {
  /** SNI, and the name the certificate must have. */
  readonly serverName: string;
  /** Roots in PEM; absent: the system's, at the path given. */
  readonly caPem: string | undefined;
  readonly systemCaPath: string;
  /** What this side shows. */
  readonly client: { readonly certPem: string; readonly keyPem: string } | undefined;
  readonly verifyName: boolean;
  readonly allowRenegotiation: boolean;
}

/** Socket towards an external service that speaks TLS. SNI carries names only, never an IP (RFC 6066 §3). */
export function externalUpstreamSocket(options: ExternalTlsOptions): TransportSocket {
  const context = create(UpstreamTlsContextSchema, {
    sni: isIp(options.serverName) ? '' : options.serverName,
    allowRenegotiation: options.allowRenegotiation,
    commonTlsContext: {
      tlsCertificates: options.client
        ? [{ certificateChain: inlineBytes(options.client.certPem), privateKey: inlineBytes(options.client.keyPem) }]
        : [],
      validationContextType: {
        case: 'validationContext',
        value: {
          trustedCa:
            options.caPem === undefined ? { specifier: { case: 'filename', value: options.systemCaPath } } : inlineBytes(options.caPem),
          matchTypedSubjectAltNames: options.verifyName
            ? [{ sanType: sanTypeOf(options.serverName), matcher: { matchPattern: { case: 'exact', value: options.serverName } } }]
            : [],
        },
      },
    },
  });
  return socket(packAny(UpstreamTlsContextSchema, context));
}

function inlineBytes(pem: string) {
  return { specifier: { case: 'inlineBytes' as const, value: Buffer.from(pem) } };
}

function sanTypeOf(name: string): SubjectAltNameMatcher_SanType {
  return isIp(name) ? SubjectAltNameMatcher_SanType.IP_ADDRESS : SubjectAltNameMatcher_SanType.DNS;
}

function meshTls(mesh: string, san: { case: 'prefix' | 'exact'; value: string }): CommonTlsContext {
  return create(CommonTlsContextSchema, {
    tlsCertificateSdsSecretConfigs: [sdsSecret(identitySecretName(mesh))],
    validationContextType: {
      case: 'combinedValidationContext',
      value: {
        defaultValidationContext: {
          matchTypedSubjectAltNames: [{ sanType: SubjectAltNameMatcher_SanType.URI, matcher: { matchPattern: san } }],
        },
        validationContextSdsSecretConfig: sdsSecret(meshCaSecretName(mesh)),
      },
    },
  });
}

function sdsSecret(name: string): SdsSecretConfig {
  return create(SdsSecretConfigSchema, { name, sdsConfig: adsSource() });
}

function socket(config: ReturnType<typeof packAny>): TransportSocket {
  return create(TransportSocketSchema, { name: TLS_SOCKET, configType: { case: 'typedConfig', value: config } });
}
