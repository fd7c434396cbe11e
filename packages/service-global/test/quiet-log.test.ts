import { MemoryResourceStore } from '@mesh/store-memory';
import { describe, expect, it } from 'vitest';
import { eventually, startGlobal, startZone, useScope } from './deployment.fixture.js';
import { keptLog } from './log.fixture.js';

describe('the log of a global', () => {
  const scope = useScope();

  it('has no warning where it runs and stops in order under zones that come, stay and go', async () => {
    const { log, lines } = keptLog();
    const global = await startGlobal(scope.dir, { log, store: new MemoryResourceStore() });
    const { opened } = global;
    const zones = await Promise.all(
      Array.from({ length: 6 }, (_, i) => startZone(scope.dir, { name: `zone-${i}`, port: global.port, log: keptLog().log })),
    );
    scope.running.push(...zones);
    await Promise.all(zones.map(({ sync }) => sync.firstSync));
    await zones.pop()?.stop();
    scope.running.pop();
    await eventually(opened, () => lines.some(({ text }) => text.startsWith('zone disconnected')), 'the end of a zone');
    await global.stop();
    expect(lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
    const offline = lines.filter(({ text }) => text.startsWith('zone disconnected'));
    expect(offline).toHaveLength(6);
  });

  it.each([
    ['optional', true],
    ['none', true],
    ['cpToken', false],
  ])('says whether zones are who they say they are: with %s %s', async (type, isOpen) => {
    const { log, lines } = keptLog();
    scope.running.push(await startGlobal(scope.dir, { log, env: { KUMA_MULTIZONE_GLOBAL_KDS_AUTH_TYPE: type } }));
    const open = lines.filter(({ level, text }) => level === 'info' && text.startsWith('open mode: a zone that shows no credential'));
    expect(open).toHaveLength(isOpen ? 1 : 0);
    for (const { text } of open) expect(text).toContain('multizone.global.kds.auth.type');
  });
});
