import { messageOf } from '@mesh/core';
import { type FleetFigures, type LoadOptions, runLoads } from './loads.js';
import type { FleetSize, TargetSpec } from './target.js';

/** What to measure. */
export interface FleetBenchOptions {
  readonly binDir: string;
  /** Directory with `kuma-cp` of another control plane. */
  readonly compareDir: string | undefined;
  readonly xds: 'sotw' | 'delta';
  /** Directory for CPU profiles of our control plane. */
  readonly profileDir: string | undefined;
  /** Workers of ours for streams; undefined for what it does by itself. */
  readonly workers: number | undefined;
  /** A small fleet for seconds: for right results, not for figures. */
  readonly reduced: boolean;
  /** Names of loads; empty for all. */
  readonly only: readonly string[];
  readonly onStep: (what: string) => () => void;
}

/** Figures of all loads, by name of the load, then by control plane. */
export type FleetBenchFigures = Readonly<Record<string, Readonly<Record<string, FleetFigures>>>>;

/** Names of the loads. */
export const FLEET_LOADS = ['fleet', 'fleet-postgres', 'half', 'held'] as const;

type LoadName = (typeof FLEET_LOADS)[number];
type Load = Omit<LoadOptions, 'onStep'>;

const FULL: FleetSize = { dataplanes: 1000, services: 50, outbounds: 3, rampupMs: 30_000 };

/** A fleet and half of it are compared: both have rested as long before their changes, and have as many. */
const AT_REST = { idleSeconds: 30, steadyEndpointChanges: 200 };

const LOADS: Readonly<Record<LoadName, Load>> = {
  fleet: { size: FULL, ...AT_REST, endpointChanges: 30, policyChanges: 10, restart: false },
  'fleet-postgres': { size: FULL, ...AT_REST, endpointChanges: 30, policyChanges: 10, restart: false },
  // As many instances and callers of each service as in the whole fleet.
  half: {
    size: { ...FULL, dataplanes: 500, services: 25, rampupMs: 15_000 },
    ...AT_REST,
    endpointChanges: 30,
    policyChanges: 0,
    restart: false,
  },
  held: {
    size: { dataplanes: 5000, services: 250, outbounds: 3, rampupMs: 150_000 },
    idleSeconds: 0,
    steadyEndpointChanges: 0,
    endpointChanges: 10,
    policyChanges: 0,
    restart: true,
  },
};

const SMALL: FleetSize = { dataplanes: 60, services: 6, outbounds: 3, rampupMs: 1000 };
const REDUCED: Readonly<Partial<Record<LoadName, Load>>> = {
  fleet: { size: SMALL, idleSeconds: 0, endpointChanges: 5, steadyEndpointChanges: 5, policyChanges: 3, restart: false },
  held: { size: SMALL, idleSeconds: 0, endpointChanges: 3, steadyEndpointChanges: 0, policyChanges: 0, restart: true },
};

/** Runs the loads against ours, and each of them against the other control plane right after. */
export async function benchFleet(options: FleetBenchOptions): Promise<FleetBenchFigures> {
  const figures: Record<string, Record<string, FleetFigures>> = {};
  for (const load of FLEET_LOADS) {
    const loads = (options.reduced ? REDUCED : LOADS)[load];
    if (!loads || (options.only.length > 0 && !options.only.includes(load))) continue;
    const byTarget: Record<string, FleetFigures> = {};
    for (const target of targetsOf(load, options)) {
      // Another control plane may take seconds for each.
      const steadyEndpointChanges = target.foreign ? 0 : loads.steadyEndpointChanges;
      const figures = await runLoads(target, { ...loads, steadyEndpointChanges, onStep: options.onStep }).catch((error: unknown) => {
        // What another control plane cannot do is no reason to throw away what ours did.
        if (!target.foreign) throw error;
        process.stderr.write(`${load}, ${target.name}: ${messageOf(error)}\n`);
        return undefined;
      });
      if (figures) byTarget[target.name] = figures;
    }
    figures[load] = byTarget;
  }
  return figures;
}

function targetsOf(load: LoadName, { binDir, compareDir, xds, profileDir, workers, reduced }: FleetBenchOptions): TargetSpec[] {
  // A restart takes state along, so that tokens stay good; the other control plane has only a memory store here.
  const store = load === 'fleet-postgres' || load === 'held' ? 'postgres' : 'memory';
  const ours: TargetSpec = { name: 'ours', binDir, foreign: false, store, xds, profileDir, workers, asserts: reduced };
  if (compareDir === undefined || store === 'postgres') return [ours];
  const none = { profileDir: undefined, workers: undefined, asserts: false };
  return [ours, { name: 'baseline', binDir: compareDir, foreign: true, store: 'memory', xds, ...none }];
}
