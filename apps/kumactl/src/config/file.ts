import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '@mesh/core';
import { parse } from 'yaml';
import { UserError } from '../errors.js';
import { goYaml } from '../output/yaml.js';
import { DEFAULT_CONFIG, type KumactlConfig } from './model.js';
import { readConfig } from './read.js';

/** Where the configuration is kept; without a path only in memory (`--no-config`). */
export class ConfigFile {
  constructor(private readonly path: string | undefined) {}

  /** The file of `--config-file`, or the one of the user's home. */
  static of(options: { configFile?: string; noConfig: boolean; home: string | undefined }): ConfigFile {
    if (options.noConfig) return new ConfigFile(undefined);
    return new ConfigFile(options.configFile || join(options.home || homedir(), '.kumactl', 'config'));
  }

  /** Reads the configuration; a missing file is made with the defaults. */
  load(): KumactlConfig {
    if (this.path === undefined) return DEFAULT_CONFIG;
    if (!existsSync(this.path)) {
      this.save(DEFAULT_CONFIG);
      return DEFAULT_CONFIG;
    }
    return this.read(this.path);
  }

  /** Writes the configuration for its user only; it may hold tokens. */
  save(config: KumactlConfig): void {
    if (this.path === undefined) return;
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o755 });
      const temporary = `${this.path}.${process.pid}.tmp`;
      writeFileSync(temporary, goYaml(config), { mode: 0o600 });
      renameSync(temporary, this.path);
    } catch (error) {
      throw new UserError(`cannot write the configuration file ${this.path}: ${messageOf(error)}`);
    }
  }

  private read(path: string): KumactlConfig {
    let document: unknown;
    try {
      document = parse(readFileSync(path, 'utf8')) ?? {};
    } catch (error) {
      throw new UserError(`cannot read the configuration file ${path}: ${messageOf(error)}`);
    }
    try {
      return readConfig(document);
    } catch (error) {
      throw new UserError(`the configuration file ${path} is not valid: ${messageOf(error)}`);
    }
  }
}
