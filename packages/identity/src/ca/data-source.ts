import type { ResourceView } from '@mesh/core';
import { type DataSource, isObject } from '@mesh/resources';
import { secretContent } from '../secrets/drafts.js';

/** Why a data source gives nothing. */
export class DataSourceError extends Error {}

export interface DataSourceContext {
  readonly view: ResourceView;
  /** Mesh whose secrets are meant. */
  readonly mesh: string;
  /** Reads a file of this machine. Absent: files are refused, the document must not choose what a server reads. */
  readonly readFile?: (path: string) => Buffer;
}

/** The bytes of a DataSource in `conf` of a CA backend: secret, inline, inlineString, and file where allowed. Throws DataSourceError. */
export function readDataSource(source: unknown, context: DataSourceContext): Buffer {
  if (!isObject(source)) throw new DataSourceError('has to be defined');
  const { secret, file, inline, inlineString } = source as DataSource;
  if (typeof secret === 'string' && secret !== '') return readSecret(secret, context);
  if (typeof inline === 'string' && inline !== '') return Buffer.from(inline, 'base64');
  if (typeof inlineString === 'string' && inlineString !== '') return Buffer.from(inlineString, 'utf8');
  if (typeof file === 'string' && file !== '') {
    if (!context.readFile) throw new DataSourceError('files are not read by this control plane: use a secret');
    return readFileOf(file, context.readFile);
  }
  throw new DataSourceError('data source has to be chosen. Available sources: secret, file, inline, inlineString');
}

function readSecret(name: string, { view, mesh }: DataSourceContext): Buffer {
  const found = view.find('Secret', mesh, name);
  if (!found) throw new DataSourceError(`could not load data: resource not found: type="Secret" name="${name}" mesh="${mesh}"`);
  return secretContent(found);
}

function readFileOf(path: string, readFile: (path: string) => Buffer): Buffer {
  try {
    return readFile(path);
  } catch (error) {
    throw new DataSourceError(`could not load data: file ${path} cannot be read`, { cause: error });
  }
}
