import { describe, expect, it } from 'vitest';
import { violationsIn } from '../../test/read-document.js';

const violationsOf = (spec: object) => violationsIn({ type: 'HostnameGenerator', name: 'hg', spec });
const templateOf = (template: string) => violationsOf({ selector: { meshService: {} }, template });

describe('a HostnameGenerator', () => {
  it('has exactly one selector', () => {
    const problem = ['spec.selector: exact one selector (meshService, meshExternalService, meshMultiZoneService) must be defined'];
    expect(violationsOf({ template: 'x' })).toEqual(problem);
    expect(violationsOf({ template: 'x', selector: { meshService: {}, meshExternalService: {} } })).toEqual(problem);
    expect(violationsOf({ template: 'x', selector: { meshMultiZoneService: { matchLabels: { a: 'b' } } } })).toEqual([]);
  });

  it('has a template that makes host names', () => {
    expect(templateOf('{{ .DisplayName }}.{{- label "team" -}}.{{.Zone}}.mesh{{/* c */}}')).toEqual([]);
    expect(templateOf('')).toEqual(['spec.template: must not be empty']);
    expect(templateOf('Not a name')).toEqual([
      'spec.template: template renders to "Not a name" which is not a valid DNS name: an RFC 1123 subdomain of at most 253 characters',
    ]);
    expect(templateOf('{{ .Name')).toEqual(["spec.template: couldn't parse template: unclosed action"]);
    expect(templateOf('{{ .Nope }}')).toEqual([
      "spec.template: couldn't render template: there is no field .Nope, use one of .Name, .DisplayName, .Namespace, .Mesh, .Zone",
    ]);
    expect(templateOf('{{ env "HOME" }}.x')).toEqual([
      'spec.template: couldn\'t parse template: "{{ env "HOME" }}" is neither a field nor label "key"',
    ]);
  });
});
