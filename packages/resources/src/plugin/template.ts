/** What a template may name. */
export interface TemplateValues {
  /** By name without the dot; absent: any field passes, and stands for nothing. */
  readonly fields?: Readonly<Record<string, string>>;
  label(key: string): string;
}

const ACTION = /\{\{(-\s)?([\s\S]*?)(\s-)?\}\}/g;
const FIELD = /^\.([A-Za-z_]\w*)$/;
const LABEL = /^label\s+(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)$/;
const COMMENT = /^\/\*[\s\S]*\*\/$/;

/**
 * Renders the part of Go's templates that names of services and SPIFFE ids are made of: fields
 * (`{{ .Name }}`), `label "key"`, comments and trim markers (https://pkg.go.dev/text/template).
 * Throws an Error that says what is wrong with the template.
 */
export function renderTemplate(template: string, values: TemplateValues): string {
  let text = '';
  let end = 0;
  let trimNext = false;
  for (const match of template.matchAll(ACTION)) {
    const [whole, trimBefore, body = '', trimAfter] = match;
    text += literal(template.slice(end, match.index), { start: trimNext, end: trimBefore !== undefined });
    text += evaluate(body.trim(), values);
    end = match.index + whole.length;
    trimNext = trimAfter !== undefined;
  }
  return text + literal(template.slice(end), { start: trimNext, end: false });
}

function literal(text: string, trim: { readonly start: boolean; readonly end: boolean }): string {
  if (text.includes('{{')) throw new Error("couldn't parse template: unclosed action");
  const started = trim.start ? text.trimStart() : text;
  return trim.end ? started.trimEnd() : started;
}

function evaluate(action: string, { fields, label }: TemplateValues): string {
  if (COMMENT.test(action)) return '';
  const field = FIELD.exec(action)?.[1];
  if (field !== undefined) {
    const value = fields === undefined ? '' : fields[field];
    if (value === undefined)
      throw new Error(`couldn't render template: there is no field .${field}, use one of .${Object.keys(fields ?? {}).join(', .')}`);
    return value;
  }
  const key = LABEL.exec(action);
  if (key) return label(key[1] ?? key[2] ?? '');
  throw new Error(`couldn't parse template: "{{ ${action} }}" is neither a field nor label "key"`);
}
