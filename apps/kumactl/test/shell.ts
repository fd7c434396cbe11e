import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import type { Outcome } from './fixture.js';

const APP = resolve(import.meta.dirname, '..');

/** A user's shell on a machine where kumactl is installed: the bundle that is shipped, as a process of its own. */
export class Shell {
  /** `$HOME`, and where commands run. */
  readonly home = mkdtempSync(join(tmpdir(), 'kumactl-shell-'));

  /** Bundles kumactl as it is now, and puts it on the path. */
  static async open(): Promise<Shell> {
    const shell = new Shell();
    const bundled = join(shell.home, 'lib');
    const { default: config } = await import('../rolldown.config.js');
    const { output, ...input } = config;
    const bundle = await rolldown({ ...input, cwd: APP, input: join(APP, input.input.main) });
    await bundle.write({ ...output, dir: bundled });
    await bundle.close();
    writeFileSync(join(bundled, 'package.json'), '{"type":"module"}');
    const kumactl = join(shell.home, 'kumactl');
    writeFileSync(kumactl, `#!/bin/sh\nexec '${process.execPath}' '${join(bundled, 'main.js')}' "$@"\n`);
    chmodSync(kumactl, 0o755);
    return shell;
  }

  /** Runs a command line to its end; standard input is empty. */
  run(command: string, interpreter = 'sh'): Promise<Outcome> {
    const path = [this.home, process.env.PATH].join(delimiter);
    const child = spawn(interpreter, ['-c', command], {
      cwd: this.home,
      env: { HOME: this.home, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    return new Promise((done, reject) => {
      child.on('error', reject);
      child.on('close', (code) => done({ out, err, code: code ?? -1 }));
    });
  }

  close(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
