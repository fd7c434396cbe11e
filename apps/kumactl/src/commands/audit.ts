import type { AuditRecord } from '@mesh/core';
import type { Command } from 'commander';
import { isNotFound } from '../client/failure.js';
import { dataOf } from '../client/open.js';
import { UserError } from '../errors.js';
import type { Io } from '../io.js';
import { outputFormat, printList } from '../output/print.js';
import { printTable } from '../output/table.js';
import { dateTime } from '../output/time.js';
import { Session } from '../session.js';

const FILTERS = [
  ['who', 'only what this user asked for'],
  ['kind', 'only what is about this kind, such as MeshTimeout'],
  ['name', 'only what is about resources of this name'],
  ['outcome', 'only what came to this: done, unauthenticated, forbidden, refused or failed'],
  ['since', 'only what is of this time or later: a time, or a duration before now such as 1h'],
  ['until', 'only what is from before this time'],
  ['size', 'maximum number of records to return'],
  ['before', 'only records with a smaller id: the next page'],
] as const;

type Filter = (typeof FILTERS)[number][0] | 'mesh';

interface AuditOptions extends Partial<Record<Filter, string>> {
  readonly output?: string;
}

/** `kumactl get audit`: who asked the control plane for what, newest first. */
export function addAuditCommand(get: Command, io: Io): void {
  const command = get
    .command('audit')
    .description('Show who asked for what, and what became of it')
    .option('-m, --mesh <string>', 'only what is about resources of this mesh');
  for (const [name, description] of FILTERS) command.option(`--${name} <string>`, description);
  command.action(async (_options: unknown, self: Command) => {
    const { output, ...options } = self.optsWithGlobals<AuditOptions>();
    const format = outputFormat(output);
    const names: readonly Filter[] = ['mesh', ...FILTERS.map(([name]) => name)];
    const query = Object.fromEntries(names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
    const page = await read(new Session(self, io), query);
    if (format !== 'table') return io.out(printList(page, format));
    io.out(auditTable(page.items));
    const before = page.next ? new URL(page.next).searchParams.get('before') : null;
    if (before) io.out(`\nRerun command with --before=${before} argument to retrieve more records\n`);
  });
}

interface AuditPage {
  readonly items: readonly AuditRecord[];
  readonly next: string | null;
}

async function read(session: Session, query: object): Promise<AuditPage> {
  const client = await session.connect();
  try {
    return (await dataOf(client.GET('/audit', { params: { query } }))) as AuditPage;
  } catch (error) {
    if (isNotFound(error)) throw new UserError('this control plane keeps no audit');
    throw error;
  }
}

function auditTable(records: readonly AuditRecord[]): string {
  const headers = ['TIME', 'WHO', 'BY', 'METHOD', 'KIND', 'MESH', 'NAME', 'REVISION', 'STATUS', 'OUTCOME'];
  const rows = records.map(({ time, who, by, method, kind, mesh, name, revision, status, outcome }) =>
    [dateTime(time), who, by, method, kind, mesh, name, revision, status, outcome].map((value) => (value ?? '-').toString()),
  );
  return printTable(headers, rows);
}
