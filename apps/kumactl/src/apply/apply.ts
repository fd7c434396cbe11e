import type { ApiClient } from '@mesh/api-client';
import { draftToDocument } from '@mesh/resources';
import type { Command } from 'commander';
import { ApiFailure } from '../client/failure.js';
import { itemPath, pathOf } from '../client/paths.js';
import { UserError } from '../errors.js';
import type { Io } from '../io.js';
import { collect, readPairs, requireFlags } from '../options.js';
import { printItem } from '../output/print.js';
import { Session } from '../session.js';
import { readTimeout, revisionOf, waitForWrite } from '../wait/wait.js';
import { type ReadyDocument, readDocuments } from './documents.js';
import { readSources } from './sources.js';

interface ApplyOptions {
  readonly file?: string;
  readonly var?: readonly string[];
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly timeout: string;
}

/** `kumactl apply`: checks every document first, then writes them in order. */
export function addApplyCommand(root: Command, io: Io): void {
  root
    .command('apply')
    .description('Create or modify Kuma resources')
    .option(
      '-f, --file <string>',
      'file, directory (its .yaml, .yml and .json files) or URL to apply; - for stdin, the default where stdin is no terminal',
    )
    .option('-v, --var <stringToString>', 'variable to replace in the text: {{ key }}', collect)
    .option('--dry-run', 'resolve variables and print the result without applying it')
    .option('--wait', 'wait until zones and proxies have what was applied')
    .option('--timeout <duration>', 'how long to wait', '30s')
    .action(async (options: ApplyOptions, self: Command) => {
      if (io.stdinIsTty) requireFlags({ ...options }, ['file']);
      await apply(new Session(self, io), options);
    });
}

async function apply(session: Session, options: ApplyOptions): Promise<void> {
  const { io } = session;
  const timeoutMs = readTimeout(options.timeout);
  const documents = await readAll(io, options);
  if (options.dryRun) {
    const texts = documents.map(({ parsed: { draft, descriptor, warnings } }) => {
      for (const warning of warnings) session.warn(`Warning: ${warning}`);
      return printItem(descriptor, draftToDocument(descriptor, draft), 'yaml');
    });
    return io.out(texts.join('---\n'));
  }
  const client = await session.connect();
  let revision: number | undefined;
  for (const document of documents) revision = await write(session, client, document);
  if (options.wait) await waitForWrite(session, client, { revision, timeoutMs });
}

async function readAll(io: Io, options: ApplyOptions): Promise<ReadyDocument[]> {
  const variables = readPairs(options.var, 'var');
  const sources = await readSources(options.file ?? '-', io);
  const results = sources.flatMap((source) => readDocuments(source, variables));
  if (results.length === 0) throw new UserError('no resource(s) passed to apply');
  const ready: ReadyDocument[] = [];
  results.forEach((result, i) => {
    if (result.ok) ready.push(result);
    else for (const { reason, place } of result.problems) io.err(`resource[${i}]: ${reason} (${place})\n`);
  });
  if (ready.length < results.length) throw new UserError('failed to validate some resources');
  return ready;
}

/** Writes one document; returns the revision of the write, where the server tells it. */
async function write(session: Session, client: ApiClient, { parsed, place }: ReadyDocument): Promise<number | undefined> {
  const { draft, descriptor, warnings } = parsed;
  const { creationTime, modificationTime, kri, snis, status, ...body } = draftToDocument(descriptor, draft);
  const { mesh, name } = draft;
  const label = `resource type="${descriptor.kind}" mesh="${mesh}" name="${name}"`;
  const path = pathOf({ mesh: descriptor.scope === 'Mesh' ? mesh : '-', name });
  const { data, response } = await client.PUT(itemPath(descriptor), { params: { path }, body: body as never }).catch((error: unknown) => {
    throw error instanceof ApiFailure ? new UserError(`${label}: failed server side: ${error.message}\n(${place})`) : error;
  });
  session.io.out(`${label} ${response.status === 201 ? 'Created' : 'Updated'}\n`);
  for (const warning of new Set([...warnings, ...(data?.warnings ?? [])])) session.warn(`Warning: ${warning}`);
  return revisionOf(response);
}
