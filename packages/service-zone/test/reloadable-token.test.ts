import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, Sidecar, waitFor, Zone } from '@mesh/zone-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZoneModule } from '../src/index.js';

/** Within the deadline of `waitFor` Envoy's own pauses, which double up to 30 s, leave room for half as many. */
const ATTEMPTS = 14;

/** Stands before the zone, and lets proxies through or shuts the door in their faces. */
class Gate {
  isOpen = true;
  attempts = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(private readonly target: () => number) {
    this.server = createServer((socket) => this.relay(socket));
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    expect((this.server.address() as AddressInfo).port).toBe(port);
  }

  shut(): void {
    this.isOpen = false;
    this.attempts = 0;
    for (const socket of this.sockets) socket.destroy();
  }

  stop(): void {
    this.shut();
    this.server.close();
  }

  private relay(socket: Socket): void {
    this.attempts++;
    if (!this.isOpen) return void socket.destroy();
    const upstream = connect({ host: '127.0.0.1', port: this.target() });
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}

describe('a proxy that reads its token from a file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mesh-token-'));
  let zone: Zone;
  let gate: Gate;
  let sidecar: Sidecar;

  beforeAll(async () => {
    const [gatePort = 0] = await freePorts(1);
    zone = await Zone.start(ZoneModule, {
      KUMA_DP_SERVER_AUTHN_ENABLE_RELOADABLE_TOKENS: 'true',
      KUMA_BOOTSTRAP_SERVER_PARAMS_XDS_PORT: String(gatePort),
    });
    gate = new Gate(() => zone.runner.dataplanePort);
    await gate.listen(gatePort);
    const token = await zone.token('web-1');
    const tokenPath = join(directory, 'token');
    writeFileSync(tokenPath, token);
    const [port = 0] = await freePorts(1);
    const networking = { address: '127.0.0.1', inbound: [{ port, tags: { 'kuma.io/service': 'web' } }] };
    const document = { type: 'Dataplane', mesh: 'default', name: 'web-1', networking };
    sidecar = await Sidecar.start({ zone, name: 'web-1', document, token, tokenPath });
    await sidecar.listening(port);
  });
  afterAll(async () => {
    await sidecar?.stop();
    gate?.stop();
    await zone?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('dials again and again while its control plane is away, and is served as soon as that is back', async () => {
    const failures = async (): Promise<number> =>
      (await sidecar.counters(/^cluster_manager\.cds\.update_failure$/)).values().next().value ?? -1;
    gate.shut();
    await waitFor(() => zone.runner.deliveries.size === 0, 'the proxy to be gone');
    await waitFor(() => gate.attempts >= ATTEMPTS, `${ATTEMPTS} attempts`);
    // Its stream waits for the connection: were it refused each time, Envoy would pause for longer and longer.
    expect(await failures()).toBeLessThan(4);
    gate.isOpen = true;
    const openedAt = performance.now();
    await waitFor(() => zone.runner.deliveries.size === 1, 'the proxy to be back');
    process.stdout.write(
      `  a proxy with a reloadable token is back ${Math.round(performance.now() - openedAt)} ms after its control plane\n`,
    );
  });
});
