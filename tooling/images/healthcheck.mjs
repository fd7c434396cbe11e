import { get } from 'node:http';

// HEALTHCHECK of the images: `healthcheck.mjs VARIABLE PORT` asks for /ready on the port the variable names, or else on PORT. Ends
// with 0 where the answer is 200, else with 1 and what was not ready, which `docker inspect` shows.

const TIMEOUT_MS = 9000;
const [variable = '', fallback = ''] = process.argv.slice(2);
const port = process.env[variable] || fallback;

function fail(reason) {
  process.stdout.write(`${reason}\n`);
  process.exit(1);
}

get({ host: '127.0.0.1', port, path: '/ready', timeout: TIMEOUT_MS }, (response) => {
  let body = '';
  response.setEncoding('utf8').on('data', (chunk) => {
    body += chunk;
  });
  response.on('end', () => (response.statusCode === 200 ? process.exit(0) : fail(`${response.statusCode} ${body.trim()}`)));
})
  .on('timeout', () => fail(`no answer from port ${port} within ${TIMEOUT_MS / 1000} s`))
  .on('error', (error) => fail(error.message));
