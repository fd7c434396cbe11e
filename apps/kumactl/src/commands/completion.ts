import type { Command } from 'commander';
import type { Io } from '../io.js';

type ShellScript = (words: ReadonlyMap<string, readonly string[]>) => string;

const SHELLS: Readonly<Record<string, ShellScript>> = {
  bash,
  fish,
  zsh: (words) => `#compdef kumactl\nautoload -U +X bashcompinit && bashcompinit\n${bash(words)}`,
};

/** `kumactl completion bash|fish|zsh`: commands and their subcommands. */
export function addCompletionCommands(root: Command, io: Io): void {
  const completion = root.command('completion').description('Output shell completion code for bash, fish or zsh');
  for (const [shell, script] of Object.entries(SHELLS)) {
    completion
      .command(shell)
      .description(`Output shell completions for ${shell}`)
      .action(() => io.out(script(wordsOf(root))));
  }
}

/** Words after each command; those after `kumactl` itself under the empty text. */
function wordsOf(root: Command): ReadonlyMap<string, readonly string[]> {
  const names = (command: Command): string[] => command.commands.flatMap((each) => [each.name(), ...each.aliases()]);
  const words = new Map<string, readonly string[]>([['', names(root)]]);
  for (const command of root.commands) if (command.commands.length > 0) words.set(command.name(), names(command));
  return words;
}

function bash(words: ReadonlyMap<string, readonly string[]>): string {
  const cases = [...words].filter(([command]) => command !== '').map(([command, next]) => `    ${command}) words="${next.join(' ')}" ;;`);
  return `_kumactl() {
  local words="${words.get('')?.join(' ') ?? ''}"
  [ "$COMP_CWORD" -eq 1 ] || words=""
  [ "$COMP_CWORD" -eq 2 ] && case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _kumactl kumactl
`;
}

function fish(words: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...words].map(([command, next]) => {
    const when = command === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${command}`;
    return `complete -c kumactl -f -n '${when}' -a '${next.join(' ')}'`;
  });
  return `${lines.join('\n')}\n`;
}
