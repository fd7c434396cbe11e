import type { Logger } from '@mesh/core';
import type { MeshContext } from '@mesh/xds';

const NAMED_SERVICES_MAX = 20;

/**
 * Tells the operator when services of other zones are out of reach because a mesh has no mTLS, and
 * when they no longer are: once for each mesh and change of that.
 */
export class CrossZoneWarnings {
  private readonly warned = new Set<string>();

  constructor(private readonly log: Logger) {}

  /** Looks at the context of a mesh whenever it is built. */
  readonly observe = ({ name: mesh, unreachable }: MeshContext): void => {
    if (unreachable.size > 0 === this.warned.has(mesh)) return;
    if (unreachable.size === 0) {
      this.warned.delete(mesh);
      this.log.info({ mesh }, 'services of other zones are no longer kept out of reach');
      return;
    }
    this.warned.add(mesh);
    const services = [...unreachable.keys()].sort().slice(0, NAMED_SERVICES_MAX);
    const zones = [...new Set([...unreachable.values()].flat().map((endpoint) => endpoint.zone))].sort();
    this.log.warn({ mesh, services, zones }, 'services of other zones cannot be reached: the mesh has no mTLS, turn it on');
  };
}
