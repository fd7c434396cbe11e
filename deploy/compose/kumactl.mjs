import { runKumactl } from '/mesh/apps/kumactl/dist/run.js';

/** Runs a command of kumactl in this process and returns what it printed. @throws Error with what it said where it fails. */
export async function kumactl(...args) {
  let printed = '';
  let said = '';
  const io = {
    out: (text) => {
      printed += text;
    },
    err: (text) => {
      said += text;
    },
    readStdin: async () => '',
    stdinIsTty: false,
    env: {},
    now: () => Date.now(),
  };
  const code = await runKumactl(args, io);
  if (code !== 0) throw new Error(`kumactl ${commandOf(args)}: ${said.trim()}`);
  return printed;
}

/** Without options, which may hold secrets. */
function commandOf(args) {
  return args
    .filter((arg) => !arg.startsWith('-'))
    .slice(0, 2)
    .join(' ');
}
