import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MeshError } from '@mesh/core';
import { isReachableByOthers, SharedDirectory } from './shared-directory.js';
import type { ProcessUser } from './user.js';

/** Superuser of the cluster. */
export const SUPERUSER = 'kuma';

const PASSWORD_FILE = 'mesh-password';
const OWNER_FILE = 'mesh-owner.pid';
const STOP_TIMEOUT_MS = 10_000;

export interface ClusterOptions {
  readonly binDir: string;
  readonly user: ProcessUser;
}

/** Where the data can live: as given, or in a directory of root's where Postgres' user could not reach it. */
export function usableDataDir(dataDir: string, user: ProcessUser): string {
  const path = resolve(dataDir);
  if (user.uid === undefined || isReachableByOthers(dirname(path))) return path;
  return new SharedDirectory().path(`data-${createHash('sha256').update(path).digest('hex').slice(0, 12)}`);
}

/** Makes the cluster unless it is there; returns the superuser's password. A broken-off attempt leaves nothing. */
export async function ensureCluster(dataDir: string, options: ClusterOptions): Promise<string> {
  const passwordFile = join(dataDir, PASSWORD_FILE);
  if (existsSync(passwordFile)) return readFileSync(passwordFile, 'utf8');
  if (existsSync(join(dataDir, 'PG_VERSION')))
    throw new MeshError('conflict', { public: `${dataDir} has a database cluster of another program` });
  const staging = `${dataDir}.new-${process.pid}`;
  const password = randomBytes(18).toString('base64url');
  try {
    await initialise(staging, { ...options, password });
    rmSync(dataDir, { recursive: true, force: true });
    renameSync(staging, dataDir);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return password;
}

async function initialise(directory: string, options: ClusterOptions & { password: string }): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  giveTo(directory, options.user);
  const passwordFile = `${directory}.password`;
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  giveTo(passwordFile, options.user);
  const args = [`--pgdata=${directory}`, `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  try {
    await promisify(execFile)(join(options.binDir, 'initdb'), [...args, '--encoding=UTF8', '--locale=C', '--no-sync'], {
      ...options.user,
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    });
    writeFileSync(join(directory, PASSWORD_FILE), options.password, { mode: 0o600 });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/**
 * Stops a server that a killed process left behind. Throws `conflict` where the process that
 * started it still lives.
 */
export async function stopLeftover(dataDir: string): Promise<boolean> {
  const server = pidIn(join(dataDir, 'postmaster.pid'));
  if (server === undefined || !isAlive(server)) return false;
  const owner = pidIn(join(dataDir, OWNER_FILE));
  if (owner !== undefined && owner !== process.pid && isAlive(owner)) {
    throw new MeshError('conflict', { public: `process ${owner} is using the database in ${dataDir}`, hint: 'stop it first' });
  }
  process.kill(server, 'SIGINT');
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (isAlive(server)) {
    if (Date.now() > deadline) throw new MeshError('conflict', { public: `the database server ${server} in ${dataDir} does not stop` });
    await delay(20);
  }
  return true;
}

/** Remembers who started the server. */
export function writeOwner(dataDir: string): void {
  writeFileSync(join(dataDir, OWNER_FILE), String(process.pid));
}

function pidIn(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return pid > 1 ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function giveTo(path: string, user: ProcessUser): void {
  if (user.uid !== undefined && user.gid !== undefined) chownSync(path, user.uid, user.gid);
}
