import type { Command, Help, Option } from 'commander';

const examples = new WeakMap<Command, string>();

/** Shows examples in the help of a command, as they would be typed. */
export function withExamples(command: Command, text: string): Command {
  examples.set(command, text.trimEnd());
  return command;
}

/** Words that lead to a command: `kumactl get meshes`. */
export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** The help of a command in the layout of Kuma's kumactl: usage, aliases, examples, commands, flags, global flags. */
export function formatHelp(command: Command, helper: Help): string {
  const subcommands = helper.visibleCommands(command);
  const sections = [
    `${command.description().replace(/\.?$/, '.')}`,
    `Usage:\n  ${usageOf(command)}`,
    section('Aliases', command.aliases().length > 0 ? `  ${[command.name(), ...command.aliases()].join(', ')}` : ''),
    section('Examples', examples.get(command) ?? ''),
    section('Available Commands', subcommands.length > 0 ? commandLines(subcommands) : ''),
    section('Flags', flagLines(helper.visibleOptions(command))),
    section('Global Flags', flagLines(inheritedOptions(command))),
    subcommands.length > 0 ? `Use "${pathOf(command)} [command] --help" for more information about a command.` : '',
  ];
  return `${sections.filter((each) => each !== '').join('\n\n')}\n`;
}

function usageOf(command: Command): string {
  if (command.commands.length > 0) return `${pathOf(command)} [command]`;
  const args = command.registeredArguments.map((each) => (each.required ? each.name().toUpperCase() : `[${each.name().toUpperCase()}]`));
  return [pathOf(command), ...args, '[flags]'].join(' ');
}

function section(title: string, body: string): string {
  return body === '' ? '' : `${title}:\n${body}`;
}

function commandLines(commands: readonly Command[]): string {
  const width = Math.max(11, ...commands.map((each) => each.name().length));
  return [...commands]
    .sort((a, b) => (a.name() < b.name() ? -1 : 1))
    .map((each) => `  ${each.name().padEnd(width)} ${each.summary() || each.description()}`)
    .join('\n');
}

function inheritedOptions(command: Command): readonly Option[] {
  const parents: Command[] = [];
  for (let parent = command.parent; parent; parent = parent.parent) parents.push(parent);
  return parents.flatMap((parent) => parent.options).filter((option) => !option.hidden);
}

function flagLines(options: readonly Option[]): string {
  const sorted = [...options].sort((a, b) => ((a.long ?? '') < (b.long ?? '') ? -1 : 1));
  const heads = sorted.map(({ short, long, flags }) => {
    const type = /<(.*)>/.exec(flags)?.[1];
    return `  ${short ? `${short},` : '   '} ${long}${type ? ` ${type}` : ''}`;
  });
  const width = Math.max(0, ...heads.map((head) => head.length)) + 3;
  return sorted
    .map((option, i) => {
      const text = `${option.description}${defaultOf(option)}`;
      return `${heads[i]?.padEnd(width)}${text.replaceAll('\n', `\n${' '.repeat(width)}`)}`;
    })
    .join('\n');
}

function defaultOf({ defaultValue, flags, negate }: Option): string {
  const value = defaultValue as unknown;
  if (negate || value === undefined || value === false || value === '') return '';
  if (Array.isArray(value)) return ` (default [${value.join(',')}])`;
  return / <string>$/.test(flags) ? ` (default "${String(value)}")` : ` (default ${String(value)})`;
}
