import { configFields } from './schema.js';
import { suggest } from './suggest.js';

/** Keys of Kuma 0.x and 1.x that later versions dropped; what is below them too. */
const RETIRED_KEYS: Readonly<Record<string, string>> = {
  adminserver: 'the API server took over its tasks',
  'apiserver.auth.allowfromlocalhost': 'use apiServer.authn.localhostIsAdmin',
  'apiserver.catalog': 'clients are told nothing by it any more',
  'apiserver.port': 'use apiServer.http.port',
  'dpserver.auth': 'use dpServer.authn',
  dataplanetokenserver: 'the API server issues tokens',
  guiserver: 'use apiServer.gui',
  'multizone.global.polltimeout': 'zones dial the global',
  'multizone.remote': 'use multizone.zone',
  sdsserver: 'certificates travel with the rest of the configuration of proxies',
  'xdsserver.diagnosticsport': 'use diagnostics.serverPort',
  'xdsserver.grpcport': 'use dpServer.port',
};

/** Variables that are meant for other programs, or that Kubernetes sets for each service. */
const FOREIGN_VARIABLES = [
  /^KUMA_(DATAPLANE|CONTROL_PLANE|DNS|APPLICATION_PROBE|TRANSPARENT_PROXY|CNI|READINESS|MESH|KUMACTL)(_|$)(?!SERVER_)/,
  /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/,
];
const KUBERNETES_VARIABLES = /^KUMA_(RUNTIME_KUBERNETES|INJECTOR)_/;

/** What is to be said of a name that no field has. */
export type UnknownName = { readonly warning: string } | { readonly mistake: string };

/** Judges a YAML key, given as its path: keys of old versions are worth a warning, others are mistakes. */
export function unknownKey(path: readonly string[], siblings: Iterable<string>): UnknownName {
  const name = path.join('.');
  const retired = retiredReason(name.toLowerCase());
  if (retired !== undefined) return { warning: `configuration key ${name} has no effect: ${retired}` };
  const near = suggest(path.at(-1) ?? '', siblings);
  const elsewhere = near === undefined ? keyElsewhere(path.at(-1) ?? '') : undefined;
  const meant = near === undefined ? elsewhere : [...path.slice(0, -1), near].join('.');
  return {
    mistake: `is no configuration key${meant === undefined ? '; docs/configuration.md lists them all' : `: did you mean ${meant}?`}`,
  };
}

function retiredReason(name: string): string | undefined {
  for (let at = name; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    if (Object.hasOwn(RETIRED_KEYS, at)) return RETIRED_KEYS[at];
  }
  return undefined;
}

/** A key that is right but for its place. */
function keyElsewhere(last: string): string | undefined {
  const same = configFields.filter(({ path }) => path.at(-1)?.toLowerCase() === last.toLowerCase());
  return same.length === 1 ? same[0]?.path.join('.') : undefined;
}

const VARIABLES = new Set(configFields.flatMap(({ env }) => env ?? []));

/**
 * Judges a variable that begins with `KUMA_`: one that is nearly a known one is a mistake; others may be for
 * somebody else and are worth a warning. Undefined: nothing needs to be said.
 */
export function unknownVariable(name: string): UnknownName | undefined {
  if (!name.startsWith('KUMA_') || VARIABLES.has(name)) return undefined;
  if (KUBERNETES_VARIABLES.test(name)) return { warning: `variable ${name} has no effect: read by the Kubernetes environment only` };
  if (FOREIGN_VARIABLES.some((pattern) => pattern.test(name))) return undefined;
  const near = suggest(name, VARIABLES);
  if (near !== undefined) return { mistake: `is no variable of the configuration: did you mean ${near}?` };
  return { warning: `variable ${name} is unknown and ignored` };
}
