import { type ControlPlane, type ControlPlaneInfo, MeshError, ResourceView } from '@mesh/core';

const TIME = '2026-11-21T08:00:00Z';

/** A control plane that has one mesh and takes nothing. */
export class MeshOnlyControlPlane implements ControlPlane {
  readonly view = new ResourceView();

  constructor() {
    const meta = { mesh: '', name: 'default', labels: {}, creationTime: TIME, modificationTime: TIME, version: 1 };
    this.view.apply({ type: 'snapshot', snapshot: { revision: 1, resources: [{ kind: 'Mesh', meta, spec: {} }] } });
  }

  async info(): Promise<ControlPlaneInfo> {
    const facts = { mode: 'global', zone: '', federated: false, environment: 'universal', storeType: 'memory' } as const;
    return { ...facts, instanceId: 'host-1a2b', hostname: 'host', readOnly: true };
  }

  config = async (): Promise<string> => '{}';
  put = refuse;
  delete = refuse;
  issueToken = refuse;
  proxyAdmin = refuse;
  announce = async (): Promise<void> => {};
  convergence = refuse;
  reportDeliveries = async (): Promise<void> => {};
  recordAudit = async (): Promise<void> => {};
  readAudit = async (): Promise<never[]> => [];
}

function refuse(): Promise<never> {
  return Promise.reject(new MeshError('read_only', { public: 'read-only' }));
}
