import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ApiContext } from '../context.js';
import { type Answer, json } from '../http/answer.js';
import { notFound } from '../http/errors.js';
import { handler, param, type Route, type RouteGroup } from '../http/route.js';
import { openApiDocument } from './document.js';

const TITLE = 'Could not show the description of the API';
/** Files of the page, with their types: those of swagger-ui-dist, and what starts it. */
const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};
const START = 'start.js';
/** The page is its own world: nothing comes from elsewhere, and it talks to this API only. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";
const SECURITY = { 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' };

/** `/openapi.json`, and `/openapi`: a page to read it and try it. @param groups what is described. */
export function openApiRoutes(context: ApiContext, groups: readonly RouteGroup[]): Route[] {
  const base = context.config.apiServer.basePath.replace(/\/+$/, '');
  let document: Answer | undefined;
  const describe = () => (document ??= encoded(json(openApiDocument(groups, context.registry))));
  return [
    { template: '/openapi.json', produces: ['application/json'], methods: { GET: handler(TITLE, describe) } },
    { template: '/openapi', methods: { GET: handler(TITLE, () => page(base)) } },
    { template: '/openapi/{file}', methods: { GET: handler(TITLE, (request) => asset(param(request, 'file'), base)) } },
  ];
}

function encoded(answer: Answer): Answer {
  return { ...answer, body: Buffer.from(answer.body) };
}

function page(base: string): Answer {
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>API of the control plane</title>
<link rel="stylesheet" href="${base}/openapi/swagger-ui.css">
<link rel="icon" type="image/png" href="${base}/openapi/favicon-32x32.png">
</head>
<body>
<div id="page"></div>
<script src="${base}/openapi/swagger-ui-bundle.js"></script>
<script src="${base}/openapi/${START}"></script>
</body>
</html>
`;
  return { status: 200, contentType: 'text/html; charset=utf-8', headers: SECURITY, body };
}

async function asset(name: string, base: string): Promise<Answer> {
  if (name === START) return { status: 200, contentType: 'text/javascript; charset=utf-8', headers: SECURITY, body: startScript(base) };
  const contentType = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
  if (contentType === undefined) throw notFound(TITLE);
  const headers = { ...SECURITY, 'cache-control': 'public, max-age=86400' };
  return { status: 200, contentType, headers, body: await readFile(join(pageFiles(), name)) };
}

function startScript(base: string): string {
  const settings = { url: `${base}/openapi.json`, dom_id: '#page', deepLinking: true, docExpansion: 'none', filter: true };
  return `SwaggerUIBundle({ ...${JSON.stringify(settings)}, validatorUrl: null });\n`;
}

function pageFiles(): string {
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
}
