import { spawn } from 'node:child_process';

/** A command that ended badly; `output` is what it printed. */
export class CommandError extends Error {
  constructor(message, output) {
    super(message);
    this.output = output;
  }
}

/**
 * Runs a command to its end and returns `{ code, output }`. Options: `cwd`, `env`, `stream` (let it write to
 * our terminal instead of collecting), `timeoutMs` (then it and its children are killed and `code` is 124).
 */
export function run(command, args, options = {}) {
  const { cwd, env = process.env, stream = false, timeoutMs } = options;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', stream ? 'inherit' : 'pipe', stream ? 'inherit' : 'pipe'],
      detached: true,
    });
    let output = '';
    let code = null;
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout?.setEncoding('utf8').on('data', collect);
    child.stderr?.setEncoding('utf8').on('data', collect);
    const stop = (signal) => killGroup(child.pid, signal);
    const onSignal = (signal) => {
      code = 130;
      stop(signal);
    };
    const timer =
      timeoutMs &&
      setTimeout(() => {
        code = 124;
        output += `\nstopped after ${Math.round(timeoutMs / 1000)} s\n`;
        stop('SIGKILL');
      }, timeoutMs);
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
    const finish = (status, error) => {
      clearTimeout(timer);
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      resolve({ code: code ?? status ?? 1, output: error ? `${output}${error.message}\n` : output });
    };
    child.on('error', (error) => finish(127, error));
    child.on('close', (status) => finish(status));
  });
}

/** Like {@link run}, and throws a {@link CommandError} unless the command ended with 0. */
export async function mustRun(command, args, options = {}) {
  const result = await run(command, args, options);
  if (result.code !== 0) throw new CommandError(`\`${[command, ...args].join(' ')}\` ended with ${result.code}`, result.output);
  return result.output;
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}
