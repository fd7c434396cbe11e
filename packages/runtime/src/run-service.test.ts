import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ControlPlane, Runner } from '@mesh/core';
import { type DynamicModule, Module } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RunArguments, run, runService } from './run-service.js';
import { type ControlPlaneRunner, SERVICE_RUNNER, type ServiceOptions } from './service.js';
import type { ServiceFactory } from './service-host.js';

@Module({})
class FakeModule {}

function factoryOf(runner: (options: ServiceOptions) => Runner): ServiceFactory {
  return (options): DynamicModule => ({ module: FakeModule, providers: [{ provide: SERVICE_RUNNER, useFactory: () => runner(options) }] });
}

function recordingRunner(name: string, events: string[]): Runner {
  return {
    name,
    start: async () => void events.push(`start ${name}`),
    stop: async () => void events.push(`stop ${name}`),
  };
}

describe('run', () => {
  let workDir: string;
  const logFile = (): string => join(workDir, 'service.log');
  const logLines = (): Array<Record<string, unknown>> =>
    readFileSync(logFile(), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  beforeEach(() => {
    workDir = mkdtempSync(join(tmpdir(), 'mesh-run-'));
  });
  afterEach(() => rmSync(workDir, { recursive: true }));

  function start(services: readonly ServiceFactory[], args: RunArguments = {}): { code: Promise<number>; up: Promise<number> } {
    const env = { HOME: workDir, KUMA_DIAGNOSTICS_SERVER_PORT: '0' };
    const code = run({ name: 'test-service', services: () => services, env }, { logOutputPath: logFile(), ...args });
    code.catch(() => {});
    const up = vi.waitFor(
      () => {
        const line = logLines().find(({ msg }) => msg === 'test-service is up');
        if (!line) throw new Error('not up yet');
        return line.diagnosticsPort as number;
      },
      { timeout: 20_000, interval: 10 },
    );
    return { code, up };
  }

  const stop = (): boolean => process.emit('SIGTERM', 'SIGTERM');

  it('starts in order, stops in reverse on SIGTERM, and ends with 0', async () => {
    const events: string[] = [];
    const { code, up } = start(['one', 'two'].map((name) => factoryOf(() => recordingRunner(name, events))));
    await up;
    stop();
    expect(await code).toBe(0);
    expect(events).toEqual(['start one', 'start two', 'stop two', 'stop one']);
  });

  it('hands over what only one instance does before any service stops, and stops all the same where that fails', async () => {
    const events: string[] = [];
    const handingOver = (name: string, handOver: () => Promise<void>): Runner => ({
      ...recordingRunner(name, events),
      handOver: async () => {
        events.push(`hand over ${name}`);
        await handOver();
      },
    });
    const { code, up } = start([
      factoryOf(() => handingOver('one', () => Promise.reject(new Error('no store')))),
      factoryOf(() => handingOver('two', async () => {})),
      factoryOf(() => recordingRunner('three', events)),
    ]);
    await up;
    stop();
    expect(await code).toBe(0);
    expect(events.slice(3)).toEqual(['hand over one', 'hand over two', 'stop three', 'stop two', 'stop one']);
  });

  it('gives the control plane of the first service to those after it', async () => {
    const controlPlane = { view: {} } as ControlPlane;
    const owner: ControlPlaneRunner = { ...recordingRunner('owner', []), controlPlane };
    const given: unknown[] = [];
    const { code, up } = start([
      factoryOf(() => owner),
      factoryOf((options) => {
        given.push(options.controlPlane);
        return recordingRunner('user', []);
      }),
    ]);
    await up;
    stop();
    await code;
    expect(given).toEqual([controlPlane]);
  });

  it('serves health and metrics while it is up', async () => {
    const { code, up } = start([
      factoryOf(({ health, metrics }) => {
        health.register('store', () => 'the store is away');
        metrics.counter({ name: 'things_total', help: 'Things.' }).inc(3);
        return recordingRunner('one', []);
      }),
    ]);
    const base = `http://127.0.0.1:${await up}`;
    expect((await fetch(`${base}/healthy`)).status).toBe(200);
    const ready = await fetch(`${base}/ready`);
    expect([ready.status, await ready.json()]).toEqual([503, { started: 'ok', store: 'the store is away' }]);
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(metrics).toContain('things_total{zone="default"} 3');
    expect(metrics).toContain('nodejs_eventloop_lag_p99_seconds');
    expect((await fetch(`${base}/nothing`)).status).toBe(404);
    expect((await fetch(`${base}/ready`, { method: 'POST' })).status).toBe(405);
    stop();
    await code;
    await expect(fetch(`${base}/healthy`)).rejects.toThrow();
  });

  it('stops what it started where a later service fails, and throws why', async () => {
    const events: string[] = [];
    const broken = { ...recordingRunner('broken', events), start: () => Promise.reject(new Error('port 1 is taken')) };
    const { code } = start([factoryOf(() => recordingRunner('one', events)), factoryOf(() => broken)]);
    await expect(code).rejects.toThrow('port 1 is taken');
    expect(events).toEqual(['start one', 'stop broken', 'stop one']);
  });

  it('stops in reverse and ends with 0 where SIGTERM comes while a service is starting', async () => {
    const events: string[] = [];
    let finishStart: () => void = () => {};
    const slow: Runner = {
      ...recordingRunner('slow', events),
      start: () => new Promise<void>((resolve) => (finishStart = resolve)).then(() => void events.push('start slow')),
    };
    const { code } = start(
      ['one', 'slow', 'never'].map((name) => factoryOf(() => (name === 'slow' ? slow : recordingRunner(name, events)))),
    );
    await vi.waitFor(() => expect(events).toEqual(['start one']), { timeout: 20_000, interval: 10 });
    stop();
    finishStart();
    expect(await code).toBe(0);
    expect(events).toEqual(['start one', 'start slow', 'stop slow', 'stop one']);
  });

  it('does not wait for a start that hangs once SIGTERM came', async () => {
    const events: string[] = [];
    const hanging = { ...recordingRunner('hanging', events), start: () => new Promise<void>(() => events.push('start hanging')) };
    const { code } = start([factoryOf(() => hanging)]);
    await vi.waitFor(() => expect(events).toEqual(['start hanging']), { timeout: 20_000, interval: 10 });
    stop();
    expect(await code).toBe(0);
    expect(events).toEqual(['start hanging', 'stop hanging']);
  });

  it('stops what it started where nobody catches an error of the start, and throws it', async () => {
    const events: string[] = [];
    const hanging = { ...recordingRunner('hanging', events), start: () => new Promise<void>(() => events.push('start hanging')) };
    const { code } = start([factoryOf(() => recordingRunner('one', events)), factoryOf(() => hanging)]);
    await vi.waitFor(() => expect(events).toContain('start hanging'), { timeout: 20_000, interval: 10 });
    process.listeners('unhandledRejection').at(-1)?.(new Error('lost'), Promise.resolve());
    await expect(code).rejects.toThrow('lost');
    expect(events).toEqual(['start one', 'start hanging', 'stop hanging', 'stop one']);
  });

  it('stays up after errors nobody caught, and logs and counts them', async () => {
    const { code, up } = start([factoryOf(() => recordingRunner('one', []))]);
    const port = await up;
    process.listeners('unhandledRejection').at(-1)?.(new Error('lost'), Promise.resolve());
    process.listeners('uncaughtException').at(-1)?.(new Error('thrown'), 'uncaughtException');
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain('process_unhandled_errors_total{kind="rejection",zone="default"} 1');
    expect(metrics).toContain('process_unhandled_errors_total{kind="exception",zone="default"} 1');
    expect(logLines().filter(({ msg }) => msg === 'an error nobody caught')).toHaveLength(2);
    stop();
    expect(await code).toBe(0);
  });

  it('leaves no handler behind', async () => {
    const names = ['SIGINT', 'SIGTERM', 'unhandledRejection', 'uncaughtException'];
    const before = names.map((name) => process.listenerCount(name));
    const { code, up } = start([factoryOf(() => recordingRunner('one', []))]);
    await up;
    stop();
    await code;
    expect(names.map((name) => process.listenerCount(name))).toEqual(before);
  });
});

describe('runService', () => {
  const invoke = async (argv: string[], env: Record<string, string> = {}) => {
    const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const code = await runService({ name: 'test-service', services: () => [], argv, env: { HOME: '/h', ...env } });
      return { code, out: out.mock.calls.join(''), err: err.mock.calls.join('') };
    } finally {
      out.mockRestore();
      err.mockRestore();
    }
  };

  it('prints help and version and ends with 0', async () => {
    expect(await invoke(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Usage: test-service'), err: '' });
    expect(await invoke(['--version'])).toMatchObject({ code: 0, out: 'Kuma: 2.14.3\n' });
  });

  it('prints the effective configuration without secrets', async () => {
    const { code, out } = await invoke(['--print-config'], { KUMA_STORE_POSTGRES_PASSWORD: 'hunter2', KUMA_DP_SERVER_PORT: '15678' });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ dpServer: { port: 15678 }, store: { postgres: { password: '*****' } } });
  });

  it.each([
    ['an unknown option', ['--colour'], {}, '--colour'],
    ['an unknown log level', ['--log-level', 'loud'], {}, '--log-level must be one of off, info, debug'],
    ['a missing file', ['-c', '/nowhere.yaml'], {}, '/nowhere.yaml'],
    ['two mistakes', [], { KUMA_DP_SERVER_PORT: 'x', KUMA_MODE: 'y' }, 'KUMA_MODE'],
  ])('says what is wrong with %s on stderr and ends with 1', async (...[, argv, env, text]) => {
    const { code, err } = await invoke(argv, env);
    expect(code).toBe(1);
    expect(err).toContain(text);
    expect(err).not.toContain('    at ');
  });
});
