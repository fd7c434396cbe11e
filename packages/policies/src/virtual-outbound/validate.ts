import { isDns1123Subdomain, isTagKey, TAG_SERVICE, type Violations } from '@mesh/core';
import { checkSelectors } from '../sdk/selectors.js';
import type { VirtualOutboundSpec } from './schema.js';
import { expandTemplate } from './template.js';

/** Rules of contract/policies.md §1.2; templates are tried with made-up values. */
export function validateVirtualOutbound({ selectors, conf }: VirtualOutboundSpec, violations: Violations): void {
  checkSelectors(selectors, violations.field('selectors'));
  const at = violations.field('conf');
  if (!conf) {
    at.add('has to be defined');
    return;
  }
  const parameters = conf.parameters ?? [];
  const names = new Set<string>();
  for (const [i, { name = '', tagKey }] of parameters.entries()) {
    const field = at.field('parameters').index(i);
    if (!/^[a-zA-Z0-9]+$/.test(name)) field.field('name').add('must consist of alphanumeric characters to be used as a gotemplate key');
    if (names.has(name)) field.field('name').add('name is already used');
    names.add(name);
    if (tagKey && !isTagKey(tagKey)) field.field('tagKey').add('must be a valid tag name');
  }
  if (!parameters.some(({ name, tagKey }) => (tagKey || name) === TAG_SERVICE)) {
    at.field('parameters').add('must contain a parameter with kuma.io/service as a tagKey');
  }
  const trial = (value: string) => Object.fromEntries([...names].map((name) => [name, value]));
  checkTemplate({ template: conf.host, parameters: trial('dummy'), problemOf: hostProblem }, at.field('host'));
  checkTemplate({ template: conf.port, parameters: trial('1'), problemOf: portProblem }, at.field('port'));
}

interface Trial {
  readonly template: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  problemOf(text: string): string | undefined;
}

function checkTemplate({ template, parameters, problemOf }: Trial, at: Violations): void {
  if (!template) {
    at.add('has to be defined');
    return;
  }
  const expanded = expandTemplate(template, parameters);
  const problem = 'problem' in expanded ? expanded.problem : problemOf(expanded.text);
  if (problem) at.add(`template pre evaluation failed with error=${JSON.stringify(problem)}`);
}

function hostProblem(text: string): string | undefined {
  if (isDns1123Subdomain(text)) return undefined;
  return `evaluation of template with parameters didn't return a valid dns name result=${JSON.stringify(text)}`;
}

function portProblem(text: string): string | undefined {
  if (!/^\d+$/.test(text))
    return `evaluation of template with parameters didn't evaluate to a parsable number result=${JSON.stringify(text)}`;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? undefined : `evaluation of template returned a port outside of the range [1..65535] result=${port}`;
}
