import { existsSync } from 'node:fs';
import { BUILD_INFO } from '@mesh/core';
import type { DpConfig } from './config.js';
import type { ProxyIdentity } from './dataplane-definition.js';
import type { EnvoyVersion } from './envoy-process.js';

const SYSTEM_CA_PATHS = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

export interface BootstrapFacts {
  readonly config: DpConfig;
  readonly identity: ProxyIdentity;
  readonly envoy: EnvoyVersion;
  readonly workDir: string;
  readonly token: string;
  readonly caPem: string;
}

/** The body of `POST /bootstrap` (contract/dataplane.md §1.2). */
export function bootstrapRequest({ config, identity, envoy, workDir, token, caPem }: BootstrapFacts): object {
  return {
    mesh: identity.mesh,
    name: identity.name,
    proxyType: identity.proxyType,
    dataplaneToken: token,
    dataplaneTokenPath: config.tokenFile,
    dataplaneResource: identity.resource,
    version: { kumaDp: BUILD_INFO, envoy: { ...envoy, kumaDpCompatible: true } },
    caCert: caPem,
    dynamicMetadata: {},
    dnsPort: config.dnsEnvoyPort,
    readinessPort: config.readinessPort,
    operatingSystem: process.platform,
    features: features(config),
    resources: { maxHeapSizeBytes: config.maxMemoryBytes },
    workdir: workDir,
    metricsResources: { certPath: config.metricsCertPath, keyPath: config.metricsKeyPath },
    systemCaPath: SYSTEM_CA_PATHS.find((path) => existsSync(path)) ?? '',
    ipv6Enabled: config.ipv6Enabled,
    spireResources: { socketPath: '' },
    ...(config.adminPort === 0 ? {} : { adminPort: config.adminPort }),
  };
}

/** Abilities of this kuma-dp that change what the control plane generates (contract/dataplane.md §2.4). */
function features(config: DpConfig): string[] {
  const list: string[] = [];
  if (config.strictInboundPorts) list.push('feature-strict-inbound-ports');
  if (config.reusePort) list.push('feature-reuse-port');
  if (config.bindOutbounds) list.push('feature-bind-outbounds');
  if (config.deltaXds) list.push('feature-delta-grpc');
  return list;
}
