import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ControlPlaneHandle, choosePort, startTwoZones, type TwoZones, until } from '@mesh/lab-kit';
import { Clock } from './clock.js';
import { Database } from './database.js';
import { Instances, type Which } from './instances.js';
import { mayMakeWires, Wire } from './wire.js';

export interface WorldOptions {
  readonly binDir: string;
  readonly envoyPath: string;
  /** Second octet of the addresses used (1-250): two worlds on one machine take different ones. */
  readonly addressBlock: number;
  readonly onStep?: (what: string) => () => void;
  /** Databases are reached without what makes them slow or moves them: for systems under load. */
  readonly hasDirectDatabases?: boolean;
  /** Two instances of each service, behind balancers, with this Redis server between them; default: one of each, and wires to the global. */
  readonly redis?: RedisLike;
}

/** A Redis server that can be killed, and comes back empty at the same address. */
export interface RedisLike {
  readonly url: string;
  kill(): Promise<void>;
  startAgain(): Promise<void>;
}

/** The three control planes. */
export type Place = 'global' | 'zone1' | 'zone2';

interface Parts {
  readonly lab: TwoZones;
  readonly databases: Readonly<Record<Place, Database>>;
  /** Of zone-1 and zone-2; none where this machine does not allow them. */
  readonly wires: readonly Wire[];
  /** Of the services of zone-2; undefined where this machine has no libfaketime. */
  readonly clock: Clock | undefined;
  /** Where there are two of each service. */
  readonly instances: ReadonlyMap<string, Instances>;
  readonly redis: RedisLike | undefined;
  readonly backendFromBillingPort: number;
  readonly addressBlock: number;
  readonly stop: () => Promise<void>;
}

/**
 * What faults happen to: the two-zone lab as processes of this machine, each control plane on a Postgres server of its own,
 * each zone with a wire of its own to the global where the machine allows wires.
 */
export class World {
  readonly lab: TwoZones;
  /** Second octet of its addresses. */
  readonly addressBlock: number;
  readonly databases: Readonly<Record<Place, Database>>;
  /** The port of `billing` (zone-2) for `backend`. */
  readonly backendFromBillingPort: number;

  private constructor(private readonly parts: Parts) {
    this.lab = parts.lab;
    this.databases = parts.databases;
    this.addressBlock = parts.addressBlock;
    this.backendFromBillingPort = parts.backendFromBillingPort;
  }

  static async start(options: WorldOptions): Promise<World> {
    const workDir = mkdtempSync(join(tmpdir(), 'mesh-faults-'));
    chmodSync(workDir, 0o711);
    const started: { stop(): unknown }[] = [];
    const stop = async (): Promise<void> => {
      for (const part of started.reverse()) await part.stop();
      rmSync(workDir, { recursive: true, force: true });
    };
    try {
      const database = async (name: string): Promise<Database> => {
        const made = await Database.start({
          dir: join(workDir, `postgres-${name}`),
          port: await choosePort(0),
          isOnSmallDisk: name === 'zone2',
          isDirect: options.hasDirectDatabases ?? false,
        });
        started.push(made);
        return made;
      };
      const databases = { global: await database('global'), zone1: await database('zone1'), zone2: await database('zone2') };
      const wires: Wire[] = [];
      const instances = new Map<string, Instances>();
      const { redis } = options;
      const backendFromBillingPort = await choosePort(20_002, `127.${options.addressBlock}.2.3`);
      const clock = Clock.find(join(workDir, 'clock'));
      const lab = await startTwoZones({
        ...options,
        workDir,
        store: { global: databases.global.store, zone1: databases.zone1.store, zone2: databases.zone2.store },
        layout: 'services',
        billingOutbounds: [{ service: 'backend', port: backendFromBillingPort }],
        ...(redis
          ? {
              launch: async (deployment, spec) => {
                const made = await Instances.launch(deployment, { ...spec, env: { ...spec.env, KUMA_REDIS_URL: redis.url } });
                started.push(made);
                instances.set(spec.name, made);
                return made.handle;
              },
            }
          : {}),
        ...(mayMakeWires() && !redis
          ? {
              relayKds: async (port, zone) => {
                const wire = await Wire.start([options.addressBlock, zone], port);
                started.push(wire);
                wires.push(wire);
                return `${wire.address}:${port}`;
              },
            }
          : {}),
        envOf: (place) => ({
          // The far end of a wire is no address of this machine, so it is not in the certificate.
          ...(place === 'global' ? {} : { KUMA_MULTIZONE_ZONE_KDS_TLS_SKIP_VERIFY: 'true' }),
          ...(place === 'zone2' ? clock?.env : {}),
        }),
      });
      started.push(lab);
      return new World({
        lab,
        databases,
        wires,
        clock,
        instances,
        redis,
        addressBlock: options.addressBlock,
        backendFromBillingPort,
        stop,
      });
    } catch (error) {
      await stop();
      throw error;
    }
  }

  place(place: Place): ControlPlaneHandle {
    return this.lab[place];
  }

  /** SIGKILL to one service of a control plane. */
  async kill(place: Place, service: string, index = 0): Promise<void> {
    await this.service(place, service, index).stop('SIGKILL');
  }

  /** Starts a killed service again, as a supervisor does; resolves when it says it is ready. */
  async startAgain(place: Place, service: string, index = 0): Promise<void> {
    const { owner, env } = this.instance(place, index);
    const started = await this.lab.deployment.launchService(service, owner, env);
    const port = started.spec.env['KUMA_DIAGNOSTICS_SERVER_PORT'];
    await this.lab.deployment.until(`${owner}.${service} ready`, async () => (await fetch(`http://127.0.0.1:${port}/ready`)).ok);
  }

  /** Stops a service in its tracks. */
  pause(place: Place, service: string, index = 0): void {
    this.service(place, service, index).signal('SIGSTOP');
  }

  /** Lets it go on. */
  resume(place: Place, service: string, index = 0): void {
    this.service(place, service, index).signal('SIGCONT');
  }

  /** Sum of a metric of a service over all its labels; 0 where it has never been counted. */
  async metric(name: string, of: { readonly place: Place; readonly service: string; readonly index?: number }): Promise<number> {
    const port = this.service(of.place, of.service, of.index ?? 0).spec.env['KUMA_DIAGNOSTICS_SERVER_PORT'];
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Which of two instances leads, or does not; waits for an election that is under way. */
  pick(place: Place, service: string, which: Which): Promise<number> {
    const instances = this.parts.instances.get(this.place(place).name);
    if (!instances) return Promise.resolve(0);
    return this.until(`a leader of ${service}`, async () => ({ at: await instances.pick(service, which) })).then(({ at }) => at);
  }

  /** The instances of a control plane. @throws Error where there is one of each service. */
  instances(place: Place): Instances {
    const instances = this.parts.instances.get(this.place(place).name);
    if (!instances) throw new Error('a world of single instances has nothing to scale');
    return instances;
  }

  /** The Redis server of all. @throws Error where there is one instance of each service. */
  get redis(): RedisLike {
    if (!this.parts.redis) throw new Error('a world of single instances has no Redis');
    return this.parts.redis;
  }

  /** The wire of a zone. @throws Error where this machine allows none. */
  wire(zone: 'zone1' | 'zone2'): Wire {
    const wire = this.parts.wires[zone === 'zone1' ? 0 : 1];
    if (!wire) throw new Error('wires need Linux, root and /dev/net/tun');
    return wire;
  }

  /** The clock that the services of zone-2 see. @throws Error where this machine has no libfaketime. */
  get clockOfZone2(): Clock {
    if (!this.parts.clock) throw new Error('a clock of its own needs libfaketime');
    return this.parts.clock;
  }

  /** Polls with the deadline of a test. */
  until<T>(what: string, check: () => Promise<T | undefined | false> | T | undefined | false, deadlineMs = 60_000): Promise<T> {
    return until({ what, deadlineMs, signal: this.lab.deployment.group.signal }, check);
  }

  stop(): Promise<void> {
    return this.parts.stop();
  }

  private service(place: Place, service: string, index: number) {
    const name = `${this.instance(place, index).owner}.${service}`;
    const found = this.lab.deployment.group.find(name);
    if (!found?.running) throw new Error(`${name} does not run`);
    return found;
  }

  private instance(place: Place, index: number): { readonly owner: string; readonly env: Readonly<Record<string, string>> } {
    const { name, env } = this.place(place);
    return this.parts.instances.get(name)?.instance(index) ?? { owner: name, env };
  }
}
