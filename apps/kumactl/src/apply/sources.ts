import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@mesh/core';
import { UserError } from '../errors.js';
import type { Io } from '../io.js';

/** A text with resources, and what to call it in errors. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

const DOWNLOAD_TIMEOUT_MS = 10_000;
const FILE_NAMES = /\.(yaml|yml|json)$/;

/** Reads what `-f` names: a file, the files of a directory, a URL, or standard input for `-`. */
export async function readSources(from: string, io: Io): Promise<Source[]> {
  if (from === '-') return [{ name: 'stdin', text: await io.readStdin() }];
  if (/^https?:\/\//.test(from)) return [{ name: from, text: await download(from) }];
  try {
    if (!statSync(from).isDirectory()) return [{ name: from, text: readFileSync(from, 'utf8') }];
    const names = readdirSync(from, { withFileTypes: true }).filter((entry) => !entry.isDirectory() && FILE_NAMES.test(entry.name));
    const paths = names.map(({ name }) => join(from, name)).sort();
    return paths.map((path) => ({ name: path, text: readFileSync(path, 'utf8') }));
  } catch (error) {
    throw new UserError(`error while reading provided file: ${messageOf(error)}`);
  }
}

async function download(url: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (response.ok) return await response.text();
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    throw new UserError(`error while reading provided file: ${url}: ${messageOf(cause ?? error)}`);
  }
  throw new UserError(`error while retrieving URL ${url}: ${response.status} ${response.statusText}`);
}
