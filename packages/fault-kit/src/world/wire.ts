import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What happens to packets of one direction. */
export interface WireRule {
  readonly drop?: boolean;
  /** Share of packets that are lost, 0 to 1. */
  readonly loss?: number;
  readonly delayMs?: number;
}

const PROGRAM = join(import.meta.dirname, '../../wire/hairpin.py');
const CLEAR: WireRule = { drop: false, loss: 0, delayMs: 0 };

/** Whether this machine lets us make wires: Linux, root, a TUN device. */
export function mayMakeWires(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/dev/net/tun');
}

/**
 * An address of this machine whose packets pass through a program of ours (`wire/hairpin.py`), which drops, loses or delays
 * them: what dials `address` reaches whatever listens on all addresses of this machine.
 */
export class Wire {
  private readonly answers: AsyncIterator<string>;

  private constructor(
    private readonly program: ChildProcess,
    /** What to dial. */
    readonly address: string,
  ) {
    if (!program.stdout) throw new Error('the wire has no output');
    this.answers = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  }

  /** @param network two octets of 10.x.y.0 that no other wire has; `port` tells the directions apart. */
  static async start(network: readonly [number, number], port: number): Promise<Wire> {
    const [block, index] = network;
    const address = `10.${block}.${index}.2`;
    const program = spawn('python3', [PROGRAM, `mesh${block}w${index}`, `10.${block}.${index}.1`, address, String(port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const wire = new Wire(program, address);
    await wire.answer();
    return wire;
  }

  /** Sets both directions; `up` is towards the global. */
  async set(rules: { readonly up?: WireRule; readonly down?: WireRule }): Promise<void> {
    this.program.stdin?.write(`${JSON.stringify({ up: { ...CLEAR, ...rules.up }, down: { ...CLEAR, ...rules.down } })}\n`);
    await this.answer();
  }

  stop(): void {
    this.program.stdin?.end();
  }

  private async answer(): Promise<void> {
    const { done } = await this.answers.next();
    if (done) throw new Error(`the wire to ${this.address} ended`);
  }
}
