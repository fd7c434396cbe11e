import type { ApiContext } from '../context.js';
import type { Answer } from '../http/answer.js';
import { handler, type Route } from '../http/route.js';

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Kuma</title></head>
<body>
<h1>There is no web page in this build</h1>
<p>Use <code>kumactl</code> or the <a href="/">HTTP API</a>.</p>
</body>
</html>
`;

/** A page at the place of the web interface that says there is none. */
export function guiRoutes(context: ApiContext): Route[] {
  const base = trimSlashes(context.config.apiServer.gui.basePath);
  if (base === '') return [];
  const page = handler('Could not show the page', () => htmlPage());
  return [
    { template: `/${base}`, absolute: true, methods: { GET: page } },
    { template: `/${base}/{rest:*}`, absolute: true, methods: { GET: page } },
  ];
}

function htmlPage(): Answer {
  return { status: 200, contentType: 'text/html; charset=utf-8', body: PAGE };
}

function trimSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}
