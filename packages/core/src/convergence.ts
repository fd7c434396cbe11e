/**
 * How far a revision has come: which zones and which proxies have it, which refused it, who is
 * missing. The form of `GET /convergence`.
 */

/**
 * `converged`: all of them have it. `pending`: some are still at it. `refused`: some will not take
 * it. `missing`: a zone is away. `unknown`: nobody can tell (a zone of another make).
 */
export type ConvergenceState = 'converged' | 'pending' | 'refused' | 'missing' | 'unknown';

/** A connected proxy that does not have the revision. */
export interface ProxyLag {
  readonly kind: string;
  /** Empty for zone proxies. */
  readonly mesh: string;
  readonly name: string;
  /** `refused`: Envoy rejected it. `failed`: its configuration could not be generated. */
  readonly state: 'pending' | 'refused' | 'failed';
  readonly reason?: string;
}

/** What the proxies of one zone, or of one server of theirs, have. */
export interface ProxyConvergence {
  /** Connected proxies. */
  readonly connected: number;
  /** Of those, how many have the revision. */
  readonly converged: number;
  /** Connected to a server that does not report. */
  readonly unknown: number;
  /** Known but not connected; they get the newest state when they come. */
  readonly offline: number;
  /** Those that do not have it, refusals first; at most LAGGING_MAX of them. */
  readonly lagging: readonly ProxyLag[];
  /** Servers whose proxies are counted, as the insights of proxies call them. */
  readonly instances: readonly string[];
}

/** Proxies named in one answer. */
export const LAGGING_MAX = 100;

/** What one zone has. */
export interface ZoneConvergence {
  readonly zone: string;
  readonly state: ConvergenceState;
  /** Whether the zone has stored everything up to the revision; absent where nobody can tell. */
  readonly stored?: boolean;
  /** Why it is not converged, for people. */
  readonly reason?: string;
  /** Kinds of which the zone refused something, with its words. */
  readonly refusals?: readonly { readonly kind: string; readonly message: string }[];
  /** Absent where nobody can tell. */
  readonly proxies?: ProxyConvergence;
}

/** How far a revision of one control plane has come. */
export interface Convergence {
  readonly revision: number;
  /** The newest revision of this control plane. */
  readonly current: number;
  readonly state: ConvergenceState;
  /** On a global: all zones, by name. */
  readonly zones?: readonly ZoneConvergence[];
  /** On a zone: its proxies. */
  readonly proxies?: ProxyConvergence;
}

/** Something whose proxies' progress can be watched: a server of theirs, or a whole zone. */
export interface DeliverySource {
  /**
   * Tells, now and after every change, what the proxies have of everything up to the revision;
   * changes that follow each other closely are told once. `'now'` stands for the newest revision.
   * Ends with the signal.
   */
  watch(revision: number | 'now', listener: (state: ProxyConvergence) => void, signal: AbortSignal): void;
}

/** The state of a set of proxies: a refusal outweighs what is pending, and that what is unknown. */
export function stateOfProxies(proxies: ProxyConvergence): ConvergenceState {
  if (proxies.lagging.some(({ state }) => state !== 'pending')) return 'refused';
  if (proxies.converged < proxies.connected) return 'pending';
  return proxies.unknown > 0 ? 'unknown' : 'converged';
}

const WEIGHT: readonly ConvergenceState[] = ['converged', 'unknown', 'missing', 'pending', 'refused'];

/** The state of all, from those of the parts: the worst one counts. */
export function worstState(states: readonly ConvergenceState[]): ConvergenceState {
  return states.reduce((worst, state) => (WEIGHT.indexOf(state) > WEIGHT.indexOf(worst) ? state : worst), 'converged');
}
