import { type KumaConfig, loadConfig } from '@mesh/runtime';

/** Configuration of the API of a global on a free port of loopback, without HTTPS. */
export function apiConfig(workDir: string, env: Readonly<Record<string, string>> = {}): KumaConfig {
  return loadConfig({
    env: {
      KUMA_MODE: 'global',
      KUMA_GENERAL_WORK_DIR: workDir,
      KUMA_API_SERVER_HTTP_PORT: '0',
      KUMA_API_SERVER_HTTP_INTERFACE: '127.0.0.1',
      KUMA_API_SERVER_HTTPS_ENABLED: 'false',
      ...env,
    },
  }).config;
}
