import { readFile } from 'node:fs/promises';
import { type Runner, VERSION } from '@mesh/core';
import { KdsClient } from '@mesh/grpc';
import type { KumaConfig } from '@mesh/runtime';
import { ZoneSessions } from './zone-sessions.js';
import type { ZoneSyncOptions } from './zone-sync-options.js';

/**
 * Keeps a zone in step with its global (contract/kds.md): dials it, sends what the zone made, stores what
 * the global made, and goes on alone while the global is away. Run it on the leader only.
 */
export class ZoneSyncRunner implements Runner {
  readonly name = 'kds-client';
  private client: KdsClient | undefined;
  private synced: () => void = () => {};
  /** Resolves when everything the global has was stored once. */
  readonly firstSync = new Promise<void>((resolve) => {
    this.synced = resolve;
  });

  private readonly sessions: ZoneSessions;

  constructor(private readonly options: ZoneSyncOptions) {
    this.sessions = new ZoneSessions(options, () => this.synced());
  }

  async start(): Promise<void> {
    const { zone } = this.options.config.multizone;
    this.client = new KdsClient({
      address: zone.globalAddress,
      zone: zone.name,
      version: VERSION,
      ...(zone.kds.rootCaFile ? { rootCa: await readFile(zone.kds.rootCaFile) } : {}),
      skipVerify: zone.kds.tlsSkipVerify,
      messageBytesMax: zone.kds.maxMsgSize,
      token: () => zoneToken(zone.kds.auth),
      identity: () => zoneCertificate(zone.kds.auth),
      handler: this.sessions,
      log: this.options.log,
    });
    this.client.start();
  }

  async stop(): Promise<void> {
    await this.client?.stop();
    await this.sessions.settle();
  }
}

type ZoneAuth = KumaConfig['multizone']['zone']['kds']['auth'];

/** The client certificate this zone shows to its global, where it has one. */
async function zoneCertificate({ clientCertFile, clientKeyFile }: ZoneAuth): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (clientCertFile === '') return undefined;
  const [cert, key] = await Promise.all([readFile(clientCertFile), readFile(clientKeyFile)]);
  return { cert, key };
}

/** The token this zone shows to its global; empty where it has none. */
async function zoneToken(auth: ZoneAuth): Promise<string> {
  const { cpTokenInline, cpTokenPath } = auth;
  return (cpTokenPath === '' ? cpTokenInline : await readFile(cpTokenPath, 'utf8')).trim();
}
