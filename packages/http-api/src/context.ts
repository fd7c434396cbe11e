import { type Clock, type ControlPlane, type ControlPlaneInfo, type DescriptorRegistry, MeshError, systemClock } from '@mesh/core';
import { Access } from './access/access.js';
import { ApiError } from './http/errors.js';
import { type ApiConfig, type ApiServerOptions, READ_YOUR_WRITES_MS } from './options.js';

/** What route factories build on. */
export interface ApiContext {
  readonly controlPlane: ControlPlane;
  readonly registry: DescriptorRegistry;
  readonly config: ApiConfig;
  readonly access: Access;
  readonly clock: Clock;
  /** Facts of the control plane; the last known ones while it is away. */
  info(): Promise<ControlPlaneInfo>;
}

/** Puts together what route factories build on. */
export function createContext(options: Pick<ApiServerOptions, 'controlPlane' | 'registry' | 'config' | 'clock'>): ApiContext {
  const { controlPlane, registry, config } = options;
  return {
    controlPlane,
    registry,
    config,
    access: new Access({ ...config.access, adminKinds: new Set(registry.all.filter((each) => each.adminOnly).map((each) => each.kind)) }),
    clock: options.clock ?? systemClock,
    info: rememberInfo(controlPlane),
  };
}

/** Asks until it knows: the facts do not change while a control plane lives, and the next one has the same mode. */
function rememberInfo(controlPlane: ControlPlane): () => Promise<ControlPlaneInfo> {
  let known: ControlPlaneInfo | undefined;
  return async () => {
    if (!known) known = await controlPlane.info();
    return known;
  };
}

/** Throws 404 where a mesh does not exist. */
export function requireMesh(context: ApiContext, mesh: string): void {
  if (context.controlPlane.view.find('Mesh', '', mesh)) return;
  throw new ApiError({ status: 404, title: 'Failed to retrieve Mesh', detail: 'Not found' });
}

/** Waits, for a short while, until reads show a write: the client's next request finds what it wrote. */
export async function untilVisible(context: ApiContext, revision: number): Promise<void> {
  if (context.controlPlane.view.revision >= revision) return;
  try {
    await context.controlPlane.view.waitFor(revision, AbortSignal.timeout(READ_YOUR_WRITES_MS));
  } catch (error) {
    if (!MeshError.is(error, 'unavailable')) throw error;
  }
}
