import { readFileSync } from 'node:fs';
import { MeshError, messageOf, Violations } from '@mesh/core';
import { parse } from 'yaml';
import { autoconfigure } from './autoconfigure.js';
import type { Field, PlacedField } from './field.js';
import { inertWarnings } from './inert.js';
import { isMapping, isRenamedVariable, translateEnv, translateYaml } from './legacy.js';
import { configFields, type KumaConfig } from './schema.js';
import { readSecretFiles } from './secret-files.js';
import { type Draft, deepFreeze, setAt } from './tree.js';
import { type UnknownName, unknownKey, unknownVariable } from './unknown.js';
import { validateConfig } from './validate.js';

export interface LoadOptions {
  /** Path of a YAML file. */
  readonly file?: string | undefined;
  /** YAML instead of a file. */
  readonly yamlText?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the program can only be (`global-cp`): wins over YAML; a variable that says otherwise is a mistake. */
  readonly mode?: 'global' | 'zone' | undefined;
}

export interface LoadedConfig {
  readonly config: KumaConfig;
  /** Deprecated names, unknown variables, and keys that change nothing. */
  readonly warnings: readonly string[];
}

/**
 * Defaults, then YAML, then environment (contract/rest-api.md §6).
 * Throws one MeshError `invalid` with every mistake: key, variable, and what is allowed.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const warnings: string[] = [];
  const violations = Violations.at();
  const draft = Object.create(null) as Draft;
  for (const { path, field } of configFields) setAt(draft, path, field.default);
  applyYaml(draft, readYaml(options), { warnings, violations });
  applyEnv(draft, options.env, { warnings, violations });
  if (options.mode !== undefined) fixMode(draft, { mode: options.mode, env: options.env, violations });
  throwIfAny(violations);
  const raw = draft as unknown as KumaConfig;
  validateConfig(raw, violations);
  throwIfAny(violations);
  warnings.push(...inertWarnings(raw));
  return { config: deepFreeze(autoconfigure(raw, options.env.HOME || undefined)), warnings };
}

interface Findings {
  readonly warnings: string[];
  readonly violations: Violations;
}

function readYaml(options: LoadOptions): Draft {
  let text = options.yamlText ?? '';
  if (options.file !== undefined) {
    try {
      text = readFileSync(options.file, 'utf8');
    } catch (cause) {
      throw new MeshError('invalid', { public: `cannot read the configuration file ${options.file}: ${messageOf(cause)}`, cause });
    }
  }
  const name = options.file ?? 'configuration';
  let document: unknown;
  try {
    document = parse(text, { logLevel: 'error' }) ?? {};
  } catch (cause) {
    throw new MeshError('invalid', { public: `${name} is not YAML: ${messageOf(cause)}`, cause });
  }
  if (!isMapping(document)) throw new MeshError('invalid', { public: `${name} must be a mapping of keys` });
  return document;
}

function applyYaml(draft: Draft, yaml: Draft, findings: Findings): void {
  const { document, warnings } = translateYaml(yaml);
  findings.warnings.push(...warnings);
  walkYaml({ draft, node: document, path: [], index: yamlIndex, findings });
}

interface Walk {
  readonly draft: Draft;
  readonly node: Draft;
  readonly path: readonly string[];
  readonly index: YamlIndex;
  readonly findings: Findings;
}

type YamlIndex = Map<string, { readonly name: string; readonly placed?: PlacedField; readonly children: YamlIndex }>;

function walkYaml({ draft, node, path, index, findings }: Walk): void {
  for (const [key, value] of Object.entries(node)) {
    const known = index.get(key.toLowerCase());
    const here = [...path, known?.name ?? key];
    if (!known) {
      const names = [...index.values()].map((entry) => entry.name);
      note(here.join('.'), { unknown: unknownKey(here, names), findings });
    } else if (known.placed) {
      setDecoded(draft, known.placed, { decoded: known.placed.field.fromYaml(value), violations: findings.violations });
    } else if (isMapping(value)) {
      walkYaml({ draft, node: value, path: here, index: known.children, findings });
    } else if (value !== null && value !== undefined) {
      findings.violations.addAll([{ field: here.join('.'), message: 'must be a mapping of keys' }]);
    }
  }
}

function note(name: string, { unknown, findings }: { unknown: UnknownName; findings: Findings }): void {
  if ('warning' in unknown) findings.warnings.push(unknown.warning);
  else findings.violations.addAll([{ field: name, message: unknown.mistake }]);
}

function buildYamlIndex(): YamlIndex {
  const root: YamlIndex = new Map();
  for (const placed of configFields) {
    let at = root;
    for (const [i, name] of placed.path.entries()) {
      const last = i === placed.path.length - 1;
      const key = name.toLowerCase();
      let entry = at.get(key);
      if (!entry) at.set(key, (entry = { name, children: new Map(), ...(last ? { placed } : {}) }));
      at = entry.children;
    }
  }
  return root;
}

const yamlIndex = buildYamlIndex();

function applyEnv(draft: Draft, rawEnv: LoadOptions['env'], findings: Findings): void {
  const { env: translated, warnings } = translateEnv(rawEnv);
  const env = readSecretFiles(translated, findings.violations);
  findings.warnings.push(...warnings);
  for (const name of Object.keys(env)) {
    const unknown = isRenamedVariable(name) ? undefined : unknownVariable(name);
    if (unknown && env[name] !== undefined) note(name, { unknown, findings });
  }
  for (const placed of configFields) {
    if (placed.env === undefined || !Object.hasOwn(env, placed.env)) continue;
    const text = env[placed.env];
    if (text === undefined || (text === '' && !takesEmptyText(placed.field))) continue;
    setDecoded(draft, placed, { decoded: placed.field.fromText(text), violations: findings.violations });
  }
}

/** An empty variable empties texts and lists and is no value for anything else. */
function takesEmptyText(field: Field<unknown>): boolean {
  return typeof field.default === 'string' || Array.isArray(field.default);
}

function fixMode(draft: Draft, wanted: { mode: string; env: LoadOptions['env']; violations: Violations }): void {
  const { KUMA_MODE: variable } = translateEnv(wanted.env).env;
  if (variable && variable !== wanted.mode) {
    wanted.violations.addAll([{ field: 'mode', message: `must be ${wanted.mode} for this program (KUMA_MODE)` }]);
  }
  draft.mode = wanted.mode;
}

function setDecoded(
  draft: Draft,
  placed: PlacedField,
  result: { decoded: ReturnType<Field<unknown>['fromText']>; violations: Violations },
): void {
  const { decoded, violations } = result;
  const parsed = decoded.ok ? placed.field.schema.safeParse(decoded.value) : undefined;
  if (parsed?.success) {
    setAt(draft, placed.path, parsed.data);
    return;
  }
  const variable = placed.env === undefined ? '' : ` (${placed.env})`;
  violations.addAll([{ field: placed.path.join('.'), message: `must be ${placed.field.allowed}${variable}` }]);
}

function throwIfAny(violations: Violations): void {
  if (violations.ok) return;
  const lines = violations.list.map((v) => `${v.field}: ${v.message}`);
  throw new MeshError('invalid', { public: `the configuration has mistakes:\n  ${lines.join('\n  ')}`, violations: violations.list });
}
