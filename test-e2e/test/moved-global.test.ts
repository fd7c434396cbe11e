import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type ControlPlaneHandle, Deployment, until } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { makeWorkDir } from './work-dir.js';

const NAME = 'global.example';
const FIRST = '127.229.0.1';
const SECOND = '127.229.0.2';
const workDir = makeWorkDir('moved-global');
/** What the zone takes for `/etc/hosts`. */
const hosts = join(workDir, 'hosts');
const soon = <T>(what: string, check: () => Promise<T | undefined | false>) => until({ what, deadlineMs: 60_000, intervalMs: 50 }, check);

/** The global at an address of its own, which can fall silent: connections stand there, new ones too, and nothing is answered. */
class Address {
  private readonly sockets = new Set<Socket>();
  private isSilent = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async open(address: string, { to, port = 0 }: { to: number; port?: number }): Promise<Address> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
    const made = new Address(server, (server.address() as AddressInfo).port);
    server.on('connection', (near) => made.join(near, to));
    return made;
  }

  /** Open at present. */
  get connections(): number {
    return [...this.sockets].filter((socket) => !socket.destroyed).length;
  }

  silence(): void {
    this.isSilent = true;
    for (const socket of this.sockets) socket.pause();
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private join(near: Socket, to: number): void {
    this.sockets.add(near);
    near.on('error', () => near.destroy());
    if (this.isSilent) return;
    const far = connect(to, '127.0.0.1');
    this.sockets.add(far);
    far.on('error', () => far.destroy());
    near.pipe(far).pipe(near);
  }
}

let deployment: Deployment;
/** Its programs see `hosts`. */
let ofZone: Deployment;
let global: ControlPlaneHandle;
let zone: ControlPlaneHandle;
const addresses: Address[] = [];

const mesh = (name: string) => global.api.put(`/meshes/${name}`, { type: 'Mesh', name });
const arrives = (name: string) => soon(`the mesh ${name} in the zone`, () => zone.api.get(`/meshes/${name}`));
const resolvesTo = (address: string) => writeFileSync(hosts, `127.0.0.1 localhost\n${address} ${NAME}\n`);

/** A directory with a `kuma-cp` in a mount namespace of its own; the process keeps its id. */
function binWithOwnHosts(): string {
  const dir = join(workDir, 'bin');
  mkdirSync(dir, { recursive: true });
  const inside = `mount --bind '${hosts}' /etc/hosts && exec '${join(BIN_DIR, 'kuma-cp')}' "$@"`;
  const script = `#!/bin/sh\nexec unshare --mount sh -c '${inside.replaceAll("'", "'\\''")}' kuma-cp "$@"\n`;
  writeFileSync(join(dir, 'kuma-cp'), script, { mode: 0o755 });
  return dir;
}

// A mount namespace of its own lets the zone see another /etc/hosts than everybody else.
describe.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')('a global that moves to another address behind its name', () => {
  beforeAll(async () => {
    deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
    ofZone = new Deployment({ binDir: binWithOwnHosts(), workDir: join(workDir, 'of-zone'), envoyPath: envoyPath() });
    global = await deployment.launchControlPlane({ name: 'global', store: { type: 'memory' }, layout: 'single' });
    await deployment.waitForApi(global);
    const first = await Address.open(FIRST, { to: global.ports.kds });
    addresses.push(first, await Address.open(SECOND, { to: global.ports.kds, port: first.port }));
    resolvesTo(FIRST);
    zone = await ofZone.launchControlPlane({
      name: 'zone-1',
      store: { type: 'memory' },
      layout: 'single',
      env: {
        KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: `grpcs://${NAME}:${first.port}`,
        KUMA_MULTIZONE_ZONE_KDS_TLS_SKIP_VERIFY: 'true',
      },
    });
  });

  afterAll(async () => {
    await ofZone?.stop();
    await deployment?.stop();
    for (const address of addresses) address.close();
    rmSync(workDir, { recursive: true, force: true });
  });

  it('is found there once nothing is heard of it at the old one, and what changed meanwhile arrives', async () => {
    await mesh('before');
    await arrives('before');
    resolvesTo(SECOND);
    addresses[0]?.silence();
    await mesh('meanwhile');
    const startedAt = performance.now();
    await arrives('meanwhile');
    process.stdout.write(
      `  a global that moved and fell silent where it was is found after ${Math.round(performance.now() - startedAt)} ms\n`,
    );
    expect(addresses[1]?.connections).toBeGreaterThan(0);
  });
});
