import type { Command, Option } from 'commander';
import type { KindPath } from '../client/paths.js';
import type { Io } from '../io.js';
import { Session } from '../session.js';

/** The line that asks a shell for names of files. */
const FILES = ':files';

/** What was typed before the word to complete. */
interface Typed {
  readonly command: Command;
  /** The flag whose value comes next. */
  readonly pending: Option | undefined;
  readonly args: readonly string[];
  readonly mesh: string;
}

interface Candidate {
  readonly value: string;
  readonly text?: string;
}

/**
 * Lines for `kumactl __complete <words> <word to complete>`: the words that may stand there, each with what it means.
 * Never throws: where the control plane does not answer, its names are left out.
 */
export async function complete(program: Command, words: readonly string[], io: Io): Promise<string> {
  const typed = read(program, words.slice(0, -1));
  const last = (words.at(-1) ?? '').replace(/^""$/, '');
  const [, flag, value] = /^(--[\w-]+)=(.*)$/.exec(last) ?? [];
  const option = flag === undefined ? typed.pending : optionsOf(typed.command).find(({ long }) => long === flag);
  if (option) return lines(await valuesOf(option, typed, io), { partial: value ?? last.replace(/^=/, ''), prefix: flag ? `${flag}=` : '' });
  if (last.startsWith('-')) return lines(flagsOf(typed.command), { partial: last });
  if (typed.command.commands.length > 0) return typed.args.length > 0 ? '' : lines(commandsOf(typed.command), { partial: last });
  return lines(await namesOf(typed, io), { partial: last });
}

function read(program: Command, words: readonly string[]): Typed {
  let typed: Typed = { command: program, pending: undefined, args: [], mesh: 'default' };
  for (const word of words) typed = readWord(typed, word);
  return typed;
}

function readWord(typed: Typed, word: string): Typed {
  const { command, pending, args } = typed;
  // bash breaks words at `=`.
  if (pending && word === '=') return typed;
  if (pending) return { ...typed, pending: undefined, ...(pending.long === '--mesh' ? { mesh: word } : {}) };
  if (word.startsWith('-')) {
    const option = optionsOf(command).find(({ long, short }) => word === long || word === short);
    const [, mesh] = /^--mesh=(.*)$/.exec(word) ?? [];
    return { ...typed, pending: option?.required ? option : undefined, ...(mesh === undefined ? {} : { mesh }) };
  }
  const child = args.length > 0 ? undefined : command.commands.find((each) => each.name() === word || each.aliases().includes(word));
  return child ? { ...typed, command: child } : { ...typed, args: [...args, word] };
}

function optionsOf(command: Command): readonly Option[] {
  const inherited = command.parent ? optionsOf(command.parent) : [];
  return [...command.options, ...inherited].filter(({ hidden }) => !hidden);
}

function flagsOf(command: Command): Candidate[] {
  return [
    ...optionsOf(command).map(({ long, description }) => ({ value: long ?? '', text: description })),
    { value: '--help', text: 'help' },
  ];
}

function commandsOf(command: Command): Candidate[] {
  const found = command.commands.map((each) => ({ value: each.name(), text: each.summary() || each.description() }));
  return found.sort((a, b) => (a.value < b.value ? -1 : 1));
}

async function valuesOf(option: Option, typed: Typed, io: Io): Promise<Candidate[]> {
  const [, choices] = /one of ([\w|-]+)/.exec(option.description) ?? [];
  if (choices !== undefined) return choices.split('|').map((value) => ({ value }));
  if (option.long === '--mesh') return itemNames(new Session(typed.command, io), { scope: 'Global', path: 'meshes' });
  if (/file|path/.test(`${option.long} ${option.description}`)) return [{ value: FILES }];
  return [];
}

/** Names for the argument of `get`, `delete` and `inspect`, from the control plane. */
async function namesOf({ command, args, mesh }: Typed, io: Io): Promise<Candidate[]> {
  if (!['get', 'delete', 'inspect'].includes(groupOf(command))) return [];
  const { registry } = await import('../kinds.js');
  const isDelete = groupOf(command) === 'delete';
  if (isDelete && args.length === 0) {
    return registry.all
      .filter(({ cli, write }) => cli && !write.never)
      .map(({ cli, kind }) => ({ value: cli?.singular ?? '', text: kind }));
  }
  const descriptor = registry.findByCliName((isDelete ? args[0] : command.name()) ?? '');
  if (!descriptor?.path || args.length !== (isDelete ? 1 : 0) || command.registeredArguments.length === 0) return [];
  return itemNames(new Session(command, io), descriptor, mesh);
}

function groupOf(command: Command): string {
  return command.parent?.parent ? groupOf(command.parent) : command.name();
}

async function itemNames(session: Session, kind: KindPath, mesh = 'default'): Promise<Candidate[]> {
  try {
    const [{ listPath, pathOf }, { pageOf }] = await Promise.all([import('../client/paths.js'), import('../client/open.js')]);
    const { items } = await pageOf(session.client().GET(listPath(kind), { params: { path: pathOf({ mesh }), query: { size: 1000 } } }));
    return items.map(({ name }) => ({ value: String(name) }));
  } catch {
    return [];
  }
}

function lines(candidates: readonly Candidate[], { partial, prefix = '' }: { partial: string; prefix?: string }): string {
  return candidates
    .filter(({ value }) => value === FILES || value.startsWith(partial))
    .map(({ value, text }) => (value === FILES ? FILES : `${prefix}${value}${text ? `\t${text.split('\n')[0]}` : ''}`))
    .map((line) => `${line}\n`)
    .join('');
}
