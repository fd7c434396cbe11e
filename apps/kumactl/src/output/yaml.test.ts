import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { goYaml } from './yaml.js';

describe('goYaml', () => {
  it('sorts keys, does not indent lists, and quotes as Kuma does', () => {
    const document = {
      type: 'MeshTimeout',
      creationTime: '2026-11-21T08:01:55.598366727Z',
      name: 'y',
      destinations: [{ match: { 'kuma.io/service': '*' } }],
      size: '100',
      empty: '',
      labels: {},
      next: null,
    };
    expect(goYaml(document)).toBe(
      [
        'creationTime: "2026-11-21T08:01:55.598366727Z"',
        'destinations:',
        '- match:',
        "    kuma.io/service: '*'",
        'empty: ""',
        'labels: {}',
        'name: "y"',
        'next: null',
        'size: "100"',
        'type: MeshTimeout',
        '',
      ].join('\n'),
    );
  });

  it('reads back as what it was, whatever the texts are', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean())),
        (value) => {
          expect(parse(goYaml(value), { version: '1.1' })).toEqual(value);
        },
      ),
    );
  });
});
