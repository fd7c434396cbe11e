import type { ResourceView } from '@mesh/core';
import { type DataSource, isObject } from '@mesh/resources';
import { secretContent } from '../secrets/drafts.js';

/** Why a data source gives nothing. */
export class DataSourceError extends Error {}

export interface DataSourceContext {
  readonly view: ResourceView;
  /** Mesh whose secrets are meant. */
  readonly mesh: string;
}

/**
 * The bytes of a DataSource in `conf` of a CA backend: secret, inline or inlineString. Throws DataSourceError.
 * Files are refused: a document must not choose what a server reads from its disk.
 */
export function readDataSource(source: unknown, context: DataSourceContext): Buffer {
  if (!isObject(source)) throw new DataSourceError('has to be defined');
  const { secret, inline, inlineString } = source as DataSource;
  if (typeof secret === 'string' && secret !== '') return readSecret(secret, context);
  if (typeof inline === 'string' && inline !== '') return Buffer.from(inline, 'base64');
  if (typeof inlineString === 'string' && inlineString !== '') return Buffer.from(inlineString, 'utf8');
  if (namesFile(source)) throw new DataSourceError(FILE_REFUSED);
  throw new DataSourceError('data source has to be chosen. Available sources: secret, inline, inlineString');
}

/** What is said of a data source that names a file. */
export const FILE_REFUSED = 'files are not read by the control plane: use "secret", "inline" or "inlineString"';

/** Whether a data source asks for a file of the control plane's machine. */
export function namesFile(source: unknown): boolean {
  return isObject(source) && typeof source['file'] === 'string' && source['file'] !== '';
}

function readSecret(name: string, { view, mesh }: DataSourceContext): Buffer {
  const found = view.find('Secret', mesh, name);
  if (!found) throw new DataSourceError(`could not load data: resource not found: type="Secret" name="${name}" mesh="${mesh}"`);
  return secretContent(found);
}
