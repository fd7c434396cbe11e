import { ApiClient, Balancer, type ControlPlaneHandle, type ControlPlaneSpec, type Deployment, type ManagedProcess } from '@mesh/lab-kit';

/** Which of the two instances of a service. */
export type Which = 'leader' | 'follower' | 'first' | 'second';

type Port = keyof ControlPlaneHandle['ports'];

/** Ports that are dialled through a balancer, and the services that listen there. */
const BALANCED: Readonly<Record<'global' | 'zone', Readonly<Partial<Record<Port, string>>>>> = {
  global: { api: 'api-gateway', kds: 'global-cp', internal: 'global-cp' },
  zone: { api: 'api-gateway', dp: 'zone-cp', internal: 'zone-cp', zoneProxyXds: 'ingress-manager' },
};
const CHECK_MS = 500;
const PATIENCE_MS = 1_000;

/**
 * One control plane in two instances of each service, behind balancers of TCP connections that leave out whoever does not
 * answer `/ready` (docs/guides/several-instances.md).
 */
export class Instances {
  private readonly balancers = new Map<Port, Balancer>();
  private readonly handles: ControlPlaneHandle[] = [];
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly deployment: Deployment,
    private readonly spec: ControlPlaneSpec,
  ) {}

  /** @param spec of both; they share its store and its directory. Resolves once the first one answers. */
  static async launch(deployment: Deployment, spec: ControlPlaneSpec): Promise<Instances> {
    const made = new Instances(deployment, spec);
    const mode = spec.name === 'global' ? 'global' : 'zone';
    for (const port of Object.keys(BALANCED[mode])) made.balancers.set(port as Port, await Balancer.start());
    for (let count = 0; count < 2; count++) {
      const handle = await made.add();
      for (const [port, balancer] of made.balancers) balancer.targets = made.handles.map(({ ports }) => ports[port]);
      // The first one makes the certificate and the tables that both use.
      if (made.handles.length === 1) await deployment.waitForApi(handle);
    }
    made.timer = setInterval(() => void made.check(), CHECK_MS);
    return made;
  }

  /** The control plane as its clients see it: behind the balancers. */
  get handle(): ControlPlaneHandle {
    const first = this.handles[0] as ControlPlaneHandle;
    const ports = { ...first.ports };
    for (const [port, balancer] of this.balancers) Object.assign(ports, { [port]: balancer.port });
    const processes = this.handles.flatMap((handle) => handle.processes);
    return { ...first, ports, processes, api: new ApiClient(`http://127.0.0.1:${ports.api}`) };
  }

  /** A third instance of each service, in service once this resolves; its index. */
  async grow(): Promise<number> {
    await this.add();
    const index = this.handles.length - 1;
    const { processes } = this.handles[index] as ControlPlaneHandle;
    for (const { spec } of processes)
      await this.deployment.until(`${spec.name} ready`, () => this.ask(spec.name.split('.').at(-1) ?? '', index, '/ready'));
    await this.check();
    return index;
  }

  /** Stops every service of one instance in order. */
  async shrink(index: number): Promise<void> {
    const { processes } = this.handles[index] as ControlPlaneHandle;
    await Promise.all(processes.map(({ spec }) => this.deployment.group.find(spec.name)?.stop()));
    await this.check();
  }

  /** The last instance is not coming back. */
  forgetLast(): void {
    this.handles.pop();
  }

  /** Ports and processes of one instance. */
  at(index: number): ControlPlaneHandle {
    return this.handles[index] as ControlPlaneHandle;
  }

  /** Its index. @throws Error where a leader is asked for, and nobody leads at present. */
  async pick(service: string, which: Which): Promise<number> {
    if (which === 'first' || which === 'second') return which === 'first' ? 0 : 1;
    const leads = await Promise.all(this.handles.map((_, index) => this.leads(service, index)));
    const leader = leads.indexOf(true);
    if (leader < 0) throw new Error(`no instance of ${service} leads`);
    return which === 'leader' ? leader : 1 - leader;
  }

  /** Settings an instance was started with, and who owns its processes. */
  instance(index: number): { readonly owner: string; readonly env: Readonly<Record<string, string>> } {
    const { name, env } = this.handles[index] as ControlPlaneHandle;
    return { owner: name + suffixOf(index), env };
  }

  /** Its balancers take no more connections, and end those they have. */
  stop(): void {
    clearInterval(this.timer);
    for (const balancer of this.balancers.values()) balancer.stop();
  }

  private async add(): Promise<ControlPlaneHandle> {
    const own = (port: Port): string => String(this.balancers.get(port)?.port ?? 0);
    const env = {
      ...this.spec.env,
      KUMA_INTERNAL_CONTROL_PLANE_ADDRESS: `127.0.0.1:${own('internal')}`,
      // Bootstraps name the balancers: a proxy that was told of an instance would be bound to it.
      KUMA_BOOTSTRAP_SERVER_PARAMS_XDS_PORT: own('dp'),
      KUMA_INGRESS_MANAGER_ADVERTISED_PORT: own('zoneProxyXds'),
    };
    const handle = await this.deployment.launchControlPlane({ ...this.spec, env, instance: suffixOf(this.handles.length) });
    this.handles.push(handle);
    return handle;
  }

  private async leads(service: string, index: number): Promise<boolean> {
    const text = await this.ask(service, index, '/metrics');
    return text !== undefined && /^leader\{[^}]*\} 1$/m.test(text);
  }

  /** Takes instances out of service, and back. */
  private async check(): Promise<void> {
    for (const [port, balancer] of this.balancers) {
      const first = this.handles[0] as ControlPlaneHandle;
      const service = BALANCED[first.mode][port] ?? '';
      const answers = await Promise.all(this.handles.map((_, index) => this.ask(service, index, '/ready')));
      balancer.targets = this.handles.filter((_, index) => answers[index] !== undefined).map(({ ports }) => ports[port]);
    }
  }

  /** What the diagnostics port of an instance answers; undefined where it does not, or not well. */
  private async ask(service: string, index: number, path: string): Promise<string | undefined> {
    const process: ManagedProcess | undefined = this.deployment.group.find(`${this.instance(index).owner}.${service}`);
    if (!process?.running) return undefined;
    const url = `http://127.0.0.1:${process.spec.env['KUMA_DIAGNOSTICS_SERVER_PORT']}${path}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined);
    return response?.ok ? response.text().catch(() => undefined) : undefined;
  }
}

/** Behind the name of a control plane, tells the processes of its instances apart. */
function suffixOf(index: number): string {
  return index === 0 ? '' : `-${index + 1}`;
}
