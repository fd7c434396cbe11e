import { describe, expect, it } from 'vitest';
import { DeltaClientState } from './client-state.js';

const resource = (name: string, version: string) => ({ name, version, body: new Uint8Array() });

describe('DeltaClientState', () => {
  it('opens a type with the versions it holds, and those are what was accepted', () => {
    const state = new DeltaClientState();
    expect(state.subscribe('Mesh')).toMatchObject({ subscribe: ['*'], initialVersions: {}, responseNonce: '' });
    state.ack({ typeUrl: 'Mesh', nonce: '1', resources: [resource('a.', '1'), resource('b.', '1')], removed: [] });
    state.ack({ typeUrl: 'Mesh', nonce: '2', resources: [resource('a.', '2')], removed: ['b.'] });
    expect(state.subscribe('Mesh')).toMatchObject({ initialVersions: { 'a.': '2' } });
  });

  it('marks a first reply as complete only when it claimed to hold nothing', () => {
    const state = new DeltaClientState(new Map([['Mesh', new Map([['a.', '1']])]]));
    const reply = { typeUrl: 'Mesh', nonce: '1', resources: [], removed: ['a.'] };
    state.subscribe('Mesh');
    expect(state.read(reply)).toMatchObject({ first: true, complete: false, removed: ['a.'] });
    state.ack(reply);
    expect(state.read(reply)).toMatchObject({ first: false, complete: false });
    state.subscribe('Mesh');
    expect(state.read(reply)).toMatchObject({ first: true, complete: true });
  });

  it('takes a name that is both sent and removed as an update', () => {
    const state = new DeltaClientState();
    const reply = { typeUrl: 'Mesh', nonce: '1', resources: [resource('a.', '1')], removed: ['a.'] };
    expect(state.read(reply)).toMatchObject({ put: [{ name: 'a.' }], removed: [] });
    state.ack(reply);
    expect([...state.versions('Mesh')]).toEqual([['a.', '1']]);
  });

  it('refuses with the nonce and the wildcard, and keeps the old version of what it refused', () => {
    const state = new DeltaClientState();
    state.ack({ typeUrl: 'MeshTimeout', nonce: '1', resources: [resource('a.m', '1')], removed: [] });
    const reply = { typeUrl: 'MeshTimeout', nonce: '2', resources: [resource('a.m', '2'), resource('b.m', '1')], removed: [] };
    expect(state.nack(reply, new Set(['a.m']), 'spec: wrong')).toMatchObject({
      responseNonce: '2',
      subscribe: ['*'],
      error: 'spec: wrong',
    });
    expect(Object.fromEntries(state.versions('MeshTimeout'))).toEqual({ 'a.m': '1', 'b.m': '1' });
  });
});
