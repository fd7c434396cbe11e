import { messageOf } from '@mesh/core';

/** `ready`: may take traffic; `healthy`: should go on living. */
export type HealthKind = 'ready' | 'healthy';

/** Returns undefined when all is well, else the reason. */
export type HealthCheck = () => string | undefined | Promise<string | undefined>;

export interface HealthReport {
  readonly ok: boolean;
  /** `ok`, or the reason, by name of the check. */
  readonly checks: Readonly<Record<string, string>>;
}

/** Named checks of one process, asked when somebody asks. */
export class Health {
  private readonly checks = new Map<string, { kind: HealthKind; check: HealthCheck }>();

  /** Adds a check, or replaces the one of that name. */
  register(name: string, check: HealthCheck, kind: HealthKind = 'ready'): { unregister(): void } {
    const entry = { kind, check };
    this.checks.set(name, entry);
    return {
      unregister: () => {
        if (this.checks.get(name) === entry) this.checks.delete(name);
      },
    };
  }

  /** Result of all checks of a kind; one that throws counts as failed. */
  async report(kind: HealthKind): Promise<HealthReport> {
    const checks: Record<string, string> = {};
    let ok = true;
    for (const [name, entry] of this.checks) {
      if (entry.kind !== kind) continue;
      const reason = await runCheck(entry.check);
      checks[name] = reason ?? 'ok';
      if (reason !== undefined) ok = false;
    }
    return { ok, checks };
  }
}

async function runCheck(check: HealthCheck): Promise<string | undefined> {
  try {
    return await check();
  } catch (error) {
    return messageOf(error);
  }
}
