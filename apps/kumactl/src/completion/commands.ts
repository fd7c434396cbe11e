import type { Command } from 'commander';
import type { Io } from '../io.js';
import { SHELLS } from './shells.js';

/** `kumactl completion bash|fish|powershell|zsh`: a script that asks `kumactl __complete` at every tab. */
export function addCompletionCommands(root: Command, io: Io): void {
  const completion = root.command('completion').description(`Output shell completion code.

  bash         source <(kumactl completion bash)
  zsh          kumactl completion zsh > "\${fpath[1]}/_kumactl"
  fish         kumactl completion fish > ~/.config/fish/completions/kumactl.fish
  powershell   kumactl completion powershell | Out-String | Invoke-Expression

Commands, flags and their values are completed, and names of resources where the control plane answers`);
  for (const [shell, script] of Object.entries(SHELLS)) {
    completion
      .command(shell)
      .description(`Output shell completions for ${shell}`)
      .action(() => io.out(script));
  }
}
