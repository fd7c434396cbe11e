import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

// HEALTHCHECK of the images: `healthcheck.mjs VARIABLE PORT` asks for /ready on the port the variable names, or else on PORT, again
// and again for a while, as one start of Node is dearer than many questions. Ends with 0 once the answer is 200, else with 1 and what
// was not ready, which `docker inspect` shows.

const WAIT_MS = 20_000;
const PAUSE_MS = 250;
const ANSWER_MS = 5000;
const [variable = '', fallback = ''] = process.argv.slice(2);
const port = process.env[variable] || fallback;

/** Why it is not ready, or undefined where it is. */
function whyNot() {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/ready', timeout: ANSWER_MS, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve(response.statusCode === 200 ? undefined : `${response.statusCode} ${body.trim()}`));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer from port ${port} within ${ANSWER_MS / 1000} s`)));
    request.on('error', (error) => resolve(error.message));
  });
}

const deadline = Date.now() + WAIT_MS;
let reason = await whyNot();
while (reason !== undefined && Date.now() < deadline) {
  await delay(PAUSE_MS);
  reason = await whyNot();
}
if (reason !== undefined) process.stdout.write(`${reason}\n`);
process.exit(reason === undefined ? 0 : 1);
