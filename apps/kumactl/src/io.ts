/** Everything a run of kumactl touches of its surroundings. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Whole standard input. */
  readStdin(): Promise<string>;
  readonly stdinIsTty: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** The surroundings of a real process. A reader that went away (`| head`) ends the program quietly. */
export function processIo(): Io {
  for (const stream of [process.stdout, process.stderr]) endWithReader(stream, () => process.exit());
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    readStdin: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
      return Buffer.concat(chunks).toString('utf8');
    },
    stdinIsTty: process.stdin.isTTY === true,
    env: readEnvironment(),
    now: () => Date.now(),
  };
}

/** Ends the program where nobody reads its output any more; other errors of the stream stay errors. */
export function endWithReader(stream: NodeJS.EventEmitter, end: () => void): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    end();
  });
}

function readEnvironment(): Readonly<Record<string, string | undefined>> {
  // biome-ignore lint/style/noProcessEnv: the one place where kumactl reads it
  return process.env;
}
