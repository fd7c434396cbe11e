import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillVariables, readDocuments } from './documents.js';

const read = (text: string) => readDocuments({ name: 'f.yaml', text }, new Map());

describe('readDocuments', () => {
  it('never throws, whatever the text is', () => {
    const yaml = fc.array(
      fc.constantFrom('type: Mesh', 'name: m', '- a', '---', '&a [*a]', '? x', '{', ']', '\t', '!!set', '  b: |', '%YAML 1.1', '"'),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.json(),
          yaml.map((lines) => lines.join('\n')),
        ),
        (text) => {
          for (const result of read(text)) expect(typeof result.ok).toBe('boolean');
        },
      ),
    );
  });

  it('refuses a document that grows beyond measure', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`);
    const [result] = read(`type: Mesh\nname: m\na0: &a0 [x]\n${levels.join('\n')}\n`);
    expect(result).toMatchObject({ ok: false, problems: [{ place: 'f.yaml:1', reason: expect.stringContaining('alias') as string }] });
  });

  it('says where in which document each mistake is', () => {
    const places = read('---\ntype: Nope\n---\n\ntype: [\n').map((each) => (each.ok ? [] : each.problems.map(({ place }) => place)));
    expect(places).toEqual([['f.yaml:2:1'], ['f.yaml:6:1']]);
  });
});

describe('fillVariables', () => {
  it('fills what has a value and leaves what is no variable', () => {
    const values = new Map([
      ['a', '1'],
      ['b.c', '2'],
    ]);
    expect(fillVariables('{{ a }} {{b.c}} {{{a}}} {{ other }} {{ .DisplayName }}', values)).toBe('1 2 1 {{ other }} {{ .DisplayName }}');
  });
});
