import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Ports of this machine that a process listens on. */
export interface ListeningPorts {
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

const TCP_LISTENS = '0A';
const UDP_UNCONNECTED = '07';

/**
 * Where a process listens, as the kernel has it: also ports that no setting names. Undefined where the system does not tell (not
 * Linux), or the process is gone.
 */
export function listeningPorts(pid: number): ListeningPorts | undefined {
  try {
    const sockets = socketsOf(pid);
    const found = (files: readonly string[], state: string): number[] => [
      ...new Set(files.flatMap((file) => portsIn(readFileSync(`/proc/${pid}/net/${file}`, 'utf8'), sockets, state))),
    ];
    return { tcp: found(['tcp', 'tcp6'], TCP_LISTENS), udp: found(['udp', 'udp6'], UDP_UNCONNECTED) };
  } catch {
    return undefined;
  }
}

/** Inodes of its open sockets. */
function socketsOf(pid: number): Set<string> {
  const dir = `/proc/${pid}/fd`;
  const links = readdirSync(dir).map((fd) => {
    try {
      return readlinkSync(`${dir}/${fd}`);
    } catch {
      return ''; // closed meanwhile
    }
  });
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** Local ports of the rows of a table of `/proc/net` (proc_pid_net(5)) that are in a state and belong to these sockets. */
function portsIn(table: string, sockets: ReadonlySet<string>, state: string): number[] {
  const rows = table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  return rows.flatMap(([, local = '', , inState, , , , , , inode = '']) =>
    inState === state && sockets.has(inode) ? Number.parseInt(local.split(':')[1] ?? '', 16) : [],
  );
}
