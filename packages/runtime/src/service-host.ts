import 'reflect-metadata';
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
  /** Stops in reverse; gives up waiting after `deadlineMs`. */
  stop(deadlineMs?: number): Promise<void>;
}

interface Started {
  readonly app: INestApplicationContext;
  readonly runner: Runner;
}

/**
 * Starts services in order. The port of the first control plane among them is given to those
 * after it. Where one fails, those before it are stopped and the error is thrown.
 */
export async function startServices(factories: readonly ServiceFactory[], options: ServiceOptions): Promise<ServiceHost> {
  const started: Started[] = [];
  let given = options;
  try {
    for (const factory of factories) {
      const { runner } = await startOne(factory, { options: given, started });
      if (isControlPlane(runner) && !given.controlPlane) given = { ...given, controlPlane: runner.controlPlane };
    }
  } catch (error) {
    await stopAll(started, options.log);
    throw error;
  }
  return {
    runners: started.map(({ runner }) => runner),
    stop: (deadlineMs = 10_000) => withDeadline(stopAll(started, options.log), deadlineMs),
  };
}

async function startOne(factory: ServiceFactory, context: { options: ServiceOptions; started: Started[] }): Promise<Started> {
  const { options, started } = context;
  const app = await NestFactory.createApplicationContext(factory(options), { logger: nestLogger(options.log), abortOnError: false });
  const runner = app.get<Runner>(SERVICE_RUNNER, { strict: false });
  const entry = { app, runner };
  started.push(entry);
  await runner.start();
  options.log.info({ runner: runner.name }, 'started');
  return entry;
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
