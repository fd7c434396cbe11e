/** What an expanded template is, or why it cannot be expanded. */
export type Expanded = { readonly text: string } | { readonly problem: string };

/** Expands `{{.name}}` with the parameters; others stand as Go's templates print them. */
export function expandTemplate(template: string, parameters: Readonly<Record<string, string>>): Expanded {
  let text = '';
  let rest = template;
  for (;;) {
    const start = rest.indexOf('{{');
    if (start < 0) return { text: text + rest };
    const end = rest.indexOf('}}', start);
    if (end < 0) return { problem: 'failed compiling gotemplate error="template: :1: unclosed action"' };
    const name = /^\s*\.([A-Za-z0-9]+)\s*$/.exec(rest.slice(start + 2, end))?.[1];
    if (name === undefined) return { problem: 'failed compiling gotemplate error="only {{.parameter}} is known"' };
    text += rest.slice(0, start) + (parameters[name] ?? '<no value>');
    rest = rest.slice(end + 2);
  }
}
