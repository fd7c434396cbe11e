import { type ControlPlane, DescriptorRegistry, type ResourceStore, ResourceView } from '@mesh/core';
import { createGrpcServer, internalCredentials, serveControlPlane } from '@mesh/grpc';
import { coreKinds, ResourceManager } from '@mesh/resources';
import { internalCertificates, type KumaConfig } from '@mesh/runtime';
import { openTestStore } from '@mesh/store-kit';

/** The part of a control plane that owns the state: a store, its view and the write rules. */
export class StateOwner implements ControlPlane {
  readonly view = new ResourceView();
  private readonly manager: ResourceManager;

  private constructor(readonly store: ResourceStore) {
    const facts = { mode: 'global', zone: '', federated: false, environment: 'universal' } as const;
    this.manager = new ResourceManager({ store: this.store, view: this.view, registry: new DescriptorRegistry(coreKinds), facts });
  }

  static async open(): Promise<StateOwner> {
    const owner = new StateOwner(await openTestStore());
    await owner.store.follow(owner.view.apply);
    return owner;
  }

  info: ControlPlane['info'] = async () => ({
    mode: 'global',
    zone: '',
    federated: false,
    environment: 'universal',
    storeType: 'memory',
    instanceId: 'host-1a2b',
    hostname: 'host',
    readOnly: false,
  });
  config: ControlPlane['config'] = async () => '{}';
  put: ControlPlane['put'] = (request) => this.manager.put(request);
  delete: ControlPlane['delete'] = (request) => this.manager.delete(request);
  issueToken: ControlPlane['issueToken'] = async () => 'token';
  proxyAdmin: ControlPlane['proxyAdmin'] = async () => new Uint8Array();
  announce: ControlPlane['announce'] = async () => {};
  convergence: ControlPlane['convergence'] = async ({ revision }) => ({ revision, current: revision, state: 'converged' });
  reportDeliveries: ControlPlane['reportDeliveries'] = async () => {};
  recordAudit: ControlPlane['recordAudit'] = (entries) => this.store.audit.append(entries);
  readAudit: ControlPlane['readAudit'] = (query) => this.store.audit.read(query);

  /** Serves the internal interface as a process of its own would; port 0 takes a free one. */
  async serve(config: KumaConfig, port = 0): Promise<{ port: number; stop(): void }> {
    const server = createGrpcServer();
    serveControlPlane(server, this);
    const credentials = internalCredentials(await internalCertificates(config)).server;
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, credentials, (error, at) => (error ? reject(error) : resolve(at)));
    });
    return { port: bound, stop: () => server.forceShutdown() };
  }
}
