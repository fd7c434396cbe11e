import { type DescriptorRegistry, type InstanceBus, type Logger, messageOf, type ResourceStore, ResourceView, tracing } from '@mesh/core';
import type { KumaConfig, Metrics } from '@mesh/runtime';
import { openBus } from './bus/open-bus.js';
import { shareDeliveries } from './bus/remote-deliveries.js';
import type { ConvergenceWatch } from './convergence/settle.js';
import { meshPoliciesHook } from './defaults/mesh-policies.js';
import { factsOf } from './facts.js';
import { identityOf } from './identity.js';
import { type Instance, newInstance } from './instance.js';
import { LocalControlPlane, type ProxyAdminHandler } from './local-control-plane.js';
import { openStore } from './open-store.js';
import { buildRegistry } from './registry.js';

export interface OpenControlPlaneOptions {
  readonly config: KumaConfig;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Absent: the store the configuration names. */
  readonly store?: ResourceStore;
  /** Absent: all kinds of this build that the configuration does not switch off. */
  readonly registry?: DescriptorRegistry;
  /** Asks a proxy for its admin output; see LocalControlPlane.proxyAdmin. */
  readonly proxyAdmin: ProxyAdminHandler;
  /** See LocalControlPlane. */
  readonly convergence?: ConvergenceWatch;
}

/** The state of one control plane instance, open: view filled and following. */
export interface OpenedControlPlane {
  readonly store: ResourceStore;
  readonly view: ResourceView;
  readonly registry: DescriptorRegistry;
  readonly instance: Instance;
  readonly controlPlane: LocalControlPlane;
  /** The other instances of this control plane. */
  readonly bus: InstanceBus;
  /** Stops following and closes the store. */
  close(): Promise<void>;
}

/** Opens the store and its view. Nothing is written: defaults are leader work (see createDefaults). */
export async function openControlPlane(options: OpenControlPlaneOptions): Promise<OpenedControlPlane> {
  const { config, log } = options;
  const store = options.store ?? (await openStore(config, log));
  const registry = options.registry ?? buildRegistry(config);
  const instance = newInstance();
  const view = new ResourceView((error) => log.error({ err: messageOf(error) }, 'a listener of the view failed'));
  tracing.follow(view, store);
  const feed = await store.follow(view.apply);
  const bus = openBus({ config, instance, storeId: store.storeId, log, ...(options.metrics ? { metrics: options.metrics } : {}) });
  const identity = identityOf({ store, view });
  const policies = meshPoliciesHook({
    registry,
    facts: factsOf(config),
    createRoutingResources: config.defaults.createMeshRoutingResources,
  });
  const meshHooks = [...identity.meshHooks, policies];
  const { issueToken } = identity;
  const controlPlane = new LocalControlPlane({
    config,
    store,
    view,
    registry,
    instance,
    bus,
    meshHooks,
    issueToken,
    proxyAdmin: options.proxyAdmin,
    ...(options.convergence ? { convergence: options.convergence } : {}),
  });
  const sharing = shareDeliveries({ bus, deliveries: controlPlane.deliveries, log });
  return {
    store,
    view,
    registry,
    instance,
    controlPlane,
    bus,
    close: async () => {
      sharing.stop();
      await bus.close();
      await feed.stop();
      await store.close();
    },
  };
}
