import { randomUUID } from 'node:crypto';
import { type Leadership, type Logger, MeshError, type Mutation, type ResourceView } from '@mesh/core';
import { defaultGlobalSecrets } from '@mesh/identity';
import { CLUSTER_ID_CONFIG } from '@mesh/kds';
import type { KumaConfig } from '@mesh/runtime';
import { isFederated } from '../facts.js';
import { CONTROL_PLANE_AUTHOR } from '../instance.js';
import type { OpenedControlPlane } from '../open-control-plane.js';
import { leaveFormerNames } from './own-zone.js';

export interface DefaultsOptions {
  readonly config: KumaConfig;
  readonly opened: OpenedControlPlane;
  readonly leadership: Leadership;
  readonly log: Logger;
}

/**
 * Creates what a control plane cannot be without (contract/kds.md §7), where it is missing. Leader
 * work; running it again changes nothing.
 */
export async function createDefaults(options: DefaultsOptions): Promise<void> {
  const { config } = options;
  if (config.mode === 'zone') await keepOwnZone(options);
  if (config.defaults.skipTenantResources) return;
  const makesMesh = !isFederated(config) && !config.defaults.skipMeshCreation;
  // Side by side: most of the time goes into keys, which are made on other threads.
  await allDone([createSecrets(options), makesMesh ? createDefaultMesh(options) : undefined]);
  // Last, as its presence says that the rest is there.
  if (!isFederated(config)) await createClusterId(options);
}

/** Waits for all even where one fails, so that a new attempt does not meet the old one. */
async function allDone(work: readonly (Promise<void> | undefined)[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}

/** Resolves when the defaults of a global or standalone zone are there, whichever instance leads; throws `unavailable` with the signal. */
export async function defaultsCreated(config: KumaConfig, view: ResourceView, signal: AbortSignal): Promise<void> {
  if (config.defaults.skipTenantResources) return;
  const isThere = (): boolean => view.find('Config', '', CLUSTER_ID_CONFIG) !== undefined;
  if (isThere()) return;
  await new Promise<void>((resolve, reject) => {
    const look = view.subscribe(() => {
      if (!isThere()) return;
      look.unsubscribe();
      resolve();
    });
    const onAbort = (): void => {
      look.unsubscribe();
      reject(new MeshError('unavailable', { public: 'the default resources could not be created in time; see the log' }));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

async function createSecrets({ config, opened, leadership }: DefaultsOptions): Promise<void> {
  const { type, tokens } = config.apiServer.authn;
  const drafts = await defaultGlobalSecrets({
    view: opened.view,
    info: { mode: config.mode, federated: isFederated(config) },
    now: Date.now(),
    userTokens: type === 'tokens',
    adminToken: tokens.bootstrapAdminToken,
  });
  await createMissing(
    opened,
    leadership,
    drafts.map((draft) => ({ op: 'create', draft })),
  );
}

/** The identity of the deployment; zones get the one of their global. */
async function createClusterId({ opened, leadership }: DefaultsOptions): Promise<void> {
  await createMissing(opened, leadership, [
    { op: 'create', draft: { kind: 'Config', mesh: '', name: CLUSTER_ID_CONFIG, spec: { config: randomUUID() } } },
  ]);
}

/** Through the write rules, so that it comes with all that belongs to a Mesh. */
async function createDefaultMesh({ opened, log }: DefaultsOptions): Promise<void> {
  const key = { kind: 'Mesh', mesh: '', name: 'default' };
  if (await opened.store.get(key)) return;
  await opened.controlPlane.putInternally({ draft: { ...key, spec: {} }, author: CONTROL_PLANE_AUTHOR });
  log.info({ mesh: 'default' }, 'default mesh created');
}

/** A zone has one Zone, itself; Zones of former names go. */
async function keepOwnZone({ config, opened, leadership, log }: DefaultsOptions): Promise<void> {
  const { name } = config.multizone.zone;
  await leaveFormerNames({ zone: name, opened, leadership, log });
  await createMissing(opened, leadership, [{ op: 'create', draft: { kind: 'Zone', mesh: '', name, spec: {} } }]);
}

/** Creates one by one; what is there already stays as it is. */
export async function createMissing(
  opened: OpenedControlPlane,
  leadership: Leadership,
  mutations: readonly Extract<Mutation, { op: 'create' }>[],
): Promise<void> {
  for (const mutation of mutations) {
    if (await opened.store.get(mutation.draft)) continue;
    try {
      await opened.store.transact([mutation], { author: CONTROL_PLANE_AUTHOR, fence: leadership.fence });
    } catch (error) {
      if (!MeshError.is(error, 'already_exists')) throw error;
    }
  }
}
