import { CONTROL_PLANE_AUTHOR, type ProxyWriter } from '@mesh/control-plane/proxies';
import type { ControlPlane, ResourceDraft, ResourceKey } from '@mesh/core';

/** Writes for zone proxies through the port of the zone's control plane, which owns the state. */
export class ControlPlaneWriter implements ProxyWriter {
  constructor(private readonly controlPlane: ControlPlane) {}

  put(draft: ResourceDraft, expectedVersion?: number): Promise<{ readonly revision: number }> {
    return this.controlPlane.put({ draft, author: CONTROL_PLANE_AUTHOR, ...(expectedVersion === undefined ? {} : { expectedVersion }) });
  }

  async delete(key: ResourceKey): Promise<void> {
    await this.controlPlane.delete({ key, author: CONTROL_PLANE_AUTHOR });
  }
}
