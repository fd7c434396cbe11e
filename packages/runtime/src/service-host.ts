import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { type Logger, messageOf, type Runner } from '@mesh/core';
import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { nestLogger } from './nest-logger.js';
import { type ControlPlaneRunner, SERVICE_RUNNER, type ServiceOptions } from './service.js';

/** Makes the Nest module of a service: `GlobalModule.forRoot`. */
export type ServiceFactory = (options: ServiceOptions) => DynamicModule;

/** Services started in one process. */
export interface ServiceHost {
  /** In the order they were started. */
  readonly runners: readonly Runner[];
  /** Hands over, then stops in reverse; gives up waiting after `deadlineMs`. */
  stop(deadlineMs?: number): Promise<void>;
}

interface Started {
  readonly app: INestApplicationContext;
  readonly runner: Runner;
}

/** How long a service that is starting may go on once the start is aborted, so that it stops in order. */
const ABORT_GRACE_MS = 3_000;

/**
 * Starts services in order. The port of the first control plane among them is given to those
 * after it. Where one fails, those before it are stopped and the error is thrown; so is the reason
 * of `aborted`, once it is.
 */
export async function startServices(
  factories: readonly ServiceFactory[],
  options: ServiceOptions,
  aborted: AbortSignal = new AbortController().signal,
): Promise<ServiceHost> {
  const started: Started[] = [];
  let given = options;
  try {
    for (const factory of factories) {
      aborted.throwIfAborted();
      const { runner } = await startOne(factory, { options: given, started, aborted });
      if (isControlPlane(runner) && !given.controlPlane) given = { ...given, controlPlane: runner.controlPlane };
    }
  } catch (error) {
    await stopAll(started, options.log);
    throw error;
  }
  return {
    runners: started.map(({ runner }) => runner),
    stop: (deadlineMs = 10_000) => withDeadline(handOverAndStop(started, options.log), deadlineMs),
  };
}

interface StartContext {
  readonly options: ServiceOptions;
  readonly started: Started[];
  readonly aborted: AbortSignal;
}

async function startOne(factory: ServiceFactory, { options, started, aborted }: StartContext): Promise<Started> {
  const app = await NestFactory.createApplicationContext(factory(options), { logger: nestLogger(options.log), abortOnError: false });
  const runner = app.get<Runner>(SERVICE_RUNNER, { strict: false });
  const entry = { app, runner };
  started.push(entry);
  await unlessAborted(runner.start(), aborted);
  options.log.info({ runner: runner.name }, 'started');
  return entry;
}

/** Waits for a start; where it is aborted, no longer than the grace, and throws why. */
async function unlessAborted(starting: Promise<void>, aborted: AbortSignal): Promise<void> {
  const over = new AbortController();
  const abortion = new Promise<void>((resolve) => aborted.addEventListener('abort', () => resolve(), { signal: over.signal }));
  try {
    await Promise.race([starting, abortion]);
    if (aborted.aborted) await Promise.race([starting.catch(() => {}), delay(ABORT_GRACE_MS, undefined, { signal: over.signal })]);
    aborted.throwIfAborted();
  } finally {
    over.abort();
  }
}

/** Whoever leads next need not wait for the clients of this process. */
async function handOverAndStop(started: Started[], log: Logger): Promise<void> {
  for (const { runner } of started) {
    await runner.handOver?.().catch((error: unknown) => log.warn({ runner: runner.name, err: messageOf(error) }, 'handing over failed'));
  }
  await stopAll(started, log);
}

async function stopAll(started: Started[], log: Logger): Promise<void> {
  for (let next = started.pop(); next; next = started.pop()) {
    try {
      await next.runner.stop();
      await next.app.close();
    } catch (error) {
      log.error({ runner: next.runner.name, err: error }, `stopping failed: ${messageOf(error)}`);
    }
  }
}

async function withDeadline(work: Promise<void>, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not stopped after ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function isControlPlane(runner: Runner): runner is ControlPlaneRunner {
  return 'controlPlane' in runner;
}
