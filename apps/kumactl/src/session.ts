import type { ApiClient } from '@mesh/api-client';
import { messageOf, PRODUCT, parseDuration, VERSION } from '@mesh/core';
import type { Command } from 'commander';
import { dataOf, openApi } from './client/open.js';
import { ConfigFile } from './config/file.js';
import { type ApiServerConfig, findControlPlane, type KumactlConfig } from './config/model.js';
import { UserError } from './errors.js';
import type { Io } from './io.js';

const LOG_LEVELS = ['off', 'info', 'debug'];

interface GlobalOptions {
  readonly configFile?: string;
  readonly context?: string;
  /** commander spells `--no-config` like this. */
  readonly config: boolean;
  readonly apiTimeout: string;
  readonly logLevel: string;
}

/** One run of a command: its options, the configuration, and the control plane it talks to. */
export class Session {
  private readonly options: GlobalOptions;

  constructor(
    command: Command,
    readonly io: Io,
  ) {
    this.options = command.optsWithGlobals<GlobalOptions>();
  }

  get configFile(): ConfigFile {
    const { configFile, config } = this.options;
    return ConfigFile.of({ noConfig: !config, home: this.io.env.HOME, ...(configFile === undefined ? {} : { configFile }) });
  }

  /** A client for the active control plane, without a word to it yet. */
  client(): ApiClient {
    const config = this.configFile.load();
    const found = findControlPlane(config, this.contextName(config));
    if (!found) {
      throw new UserError(
        'apparently, configuration is broken. Use `kumactl config control-planes add` to add a Control Plane and make it active',
      );
    }
    return this.open(found.coordinates.apiServer);
  }

  /** A client, after comparing versions with the server: differences are only worth a warning. */
  async connect(): Promise<ApiClient> {
    const client = this.client();
    try {
      const { product, version } = await dataOf(client.GET('/'));
      if (product !== PRODUCT || version !== VERSION) {
        this.warn(
          `WARNING: You are using kumactl version ${VERSION} for ${PRODUCT}, but the server returned version: ${product} ${version}`,
        );
      }
    } catch (error) {
      this.warn(`WARNING: Failed to retrieve server version, can't check compatibility: ${messageOf(error)}`);
    }
    return client;
  }

  /** A client for any control plane. */
  open(server: ApiServerConfig, options: { readonly anonymous?: boolean } = {}): ApiClient {
    return openApi(server, { timeoutMs: this.timeoutMs, ...options, ...(this.logs ? { onCall: (line) => this.warn(line) } : {}) });
  }

  warn(line: string): void {
    this.io.err(`${line}\n`);
  }

  get timeoutMs(): number {
    const ms = parseDuration(this.options.apiTimeout);
    if (ms === undefined || ms < 0)
      throw new UserError(`invalid argument "${this.options.apiTimeout}" for "--api-timeout": use a duration such as 30s`);
    return ms;
  }

  /** Whether requests are told on stderr. */
  private get logs(): boolean {
    const { logLevel } = this.options;
    if (!LOG_LEVELS.includes(logLevel)) throw new UserError(`unknown log level "${logLevel}": use one of ${LOG_LEVELS.join(', ')}`);
    return logLevel === 'debug';
  }

  private contextName(config: KumactlConfig): string {
    return this.options.context ?? config.currentContext;
  }
}
