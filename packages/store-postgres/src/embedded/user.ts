import { execFileSync } from 'node:child_process';

/** Identity of a process; empty: that of this one. */
export interface ProcessUser {
  readonly uid?: number;
  readonly gid?: number;
}

/** Whom Postgres runs as: this user, or, as it refuses root, `postgres` or else `nobody`. */
export function postgresUser(): ProcessUser {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    const ids = idsOf(name);
    if (ids) return ids;
  }
  throw new Error('Postgres cannot run as root, and there is neither a user "postgres" nor "nobody"');
}

function idsOf(name: string): Required<ProcessUser> | undefined {
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}
