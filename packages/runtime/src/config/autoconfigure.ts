import { homedir } from 'node:os';
import { join } from 'node:path';
import type { KumaConfig } from './schema.js';

/** Fills what follows from other keys (contract/rest-api.md §6 "Autoconfig"). Touches no file. */
export function autoconfigure(config: KumaConfig, home: string = homedir()): KumaConfig {
  const workDir = config.general.workDir || join(home, '.kuma');
  const general = {
    ...config.general,
    workDir,
    tlsCertFile: config.general.tlsCertFile || join(workDir, 'kuma-cp.crt'),
    tlsKeyFile: config.general.tlsKeyFile || join(workDir, 'kuma-cp.key'),
  };
  const tls = <T extends TlsKeys>(server: T): T => inheritTls(server, general);
  const { dpServer, multizone, internal } = config;
  return {
    ...config,
    general,
    apiServer: { ...config.apiServer, https: tls(config.apiServer.https) },
    diagnostics: tls(config.diagnostics),
    monitoringAssignmentServer: tls(config.monitoringAssignmentServer),
    bootstrapServer: {
      ...config.bootstrapServer,
      params: { ...config.bootstrapServer.params, xdsPort: config.bootstrapServer.params.xdsPort || dpServer.port },
    },
    dpServer: {
      ...tls(dpServer),
      authn: {
        ...dpServer.authn,
        dpProxy: { ...dpServer.authn.dpProxy, type: dpServer.authn.dpProxy.type || 'dpToken' },
        zoneProxy: { ...dpServer.authn.zoneProxy, type: dpServer.authn.zoneProxy.type || 'zoneToken' },
      },
    },
    multizone: { ...multizone, global: { ...multizone.global, kds: tls(multizone.global.kds) } },
    internal: {
      ...internal,
      tls: {
        caFile: internal.tls.caFile || join(workDir, 'internal-ca.crt'),
        certFile: internal.tls.certFile || join(workDir, 'internal.crt'),
        keyFile: internal.tls.keyFile || join(workDir, 'internal.key'),
      },
    },
  };
}

type TlsKeys = Pick<KumaConfig['dpServer'], 'tlsCertFile' | 'tlsKeyFile' | 'tlsMinVersion' | 'tlsMaxVersion' | 'tlsCipherSuites'>;

function inheritTls<T extends TlsKeys>(server: T, general: KumaConfig['general']): T {
  return {
    ...server,
    tlsCertFile: server.tlsCertFile || general.tlsCertFile,
    tlsKeyFile: server.tlsKeyFile || general.tlsKeyFile,
    tlsMinVersion: general.tlsMinVersion || server.tlsMinVersion,
    tlsMaxVersion: general.tlsMaxVersion || server.tlsMaxVersion,
    tlsCipherSuites: general.tlsCipherSuites.length > 0 ? general.tlsCipherSuites : server.tlsCipherSuites,
  };
}
