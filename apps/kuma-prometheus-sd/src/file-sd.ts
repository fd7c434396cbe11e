import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { MonitoringAssignment } from './client.js';

/** An entry of a file of Prometheus' file_sd_configs. */
export interface TargetGroup {
  readonly targets: readonly [string];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * One group per proxy: `job` is its service and `instance` its name, so that a proxy that moves stays
 * the same series. Labels the control plane sends are added, but win over none of these.
 */
export function toTargetGroups(assignments: readonly MonitoringAssignment[]): TargetGroup[] {
  return assignments.flatMap(({ mesh, service, targets }) =>
    targets.map(({ name, scheme, address, metrics_path, labels }) => ({
      targets: [address] as const,
      labels: {
        ...labels,
        __scheme__: scheme,
        __metrics_path__: metrics_path,
        job: service,
        instance: name,
        mesh,
        service,
        dataplane: name,
      },
    })),
  );
}

/** Replaces the file as a whole: Prometheus never reads half of it. */
export async function writeTargets(path: string, groups: readonly TargetGroup[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(groups, null, 1)}\n`);
  await rename(temporary, path);
}
