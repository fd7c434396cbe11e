/** A header sent with every request. */
export interface HeaderConfig {
  readonly key: string;
  readonly value: string;
}

/** How to reach the API of a control plane. */
export interface ApiServerConfig {
  readonly url: string;
  readonly caCertFile?: string;
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
  readonly headers?: readonly HeaderConfig[];
  readonly authType?: string;
  readonly authConf?: Readonly<Record<string, string>>;
  readonly skipVerify?: boolean;
}

export interface ControlPlaneConfig {
  readonly name: string;
  readonly coordinates: { readonly apiServer: ApiServerConfig };
}

export interface ContextConfig {
  readonly name: string;
  readonly controlPlane: string;
  readonly defaults?: { readonly mesh?: string };
}

/** `$HOME/.kumactl/config` (contract/rest-api.md §5). */
export interface KumactlConfig {
  readonly controlPlanes: readonly ControlPlaneConfig[];
  readonly contexts: readonly ContextConfig[];
  readonly currentContext: string;
}

/** What a new user starts with. */
export const DEFAULT_CONFIG: KumactlConfig = {
  controlPlanes: [{ name: 'local', coordinates: { apiServer: { url: 'http://localhost:5681' } } }],
  contexts: [{ name: 'local', controlPlane: 'local' }],
  currentContext: 'local',
};

/** The control plane a context leads to; undefined where either is missing. */
export function findControlPlane(config: KumactlConfig, context: string): ControlPlaneConfig | undefined {
  const { controlPlane } = config.contexts.find(({ name }) => name === context) ?? {};
  return config.controlPlanes.find(({ name }) => name === controlPlane);
}

/** Adds or replaces a control plane and its context, and makes it the active one. */
export function withControlPlane(config: KumactlConfig, added: ControlPlaneConfig): KumactlConfig {
  const { name } = added;
  return {
    controlPlanes: replaceOrAdd(config.controlPlanes, added),
    contexts: replaceOrAdd(config.contexts, { name, controlPlane: name }),
    currentContext: name,
  };
}

/** Removes a control plane and its context; the first one left becomes active where it was. */
export function withoutControlPlane(config: KumactlConfig, removed: string): KumactlConfig {
  const contexts = config.contexts.filter(({ controlPlane }) => controlPlane !== removed);
  const isActive = findControlPlane(config, config.currentContext)?.name === removed;
  return {
    controlPlanes: config.controlPlanes.filter(({ name }) => name !== removed),
    contexts,
    currentContext: isActive ? (contexts[0]?.name ?? '') : config.currentContext,
  };
}

function replaceOrAdd<T extends { readonly name: string }>(list: readonly T[], item: T): T[] {
  return list.some(({ name }) => name === item.name) ? list.map((each) => (each.name === item.name ? item : each)) : [...list, item];
}
