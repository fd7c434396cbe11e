import { Command } from 'commander';
import { createEchoServer } from './echo-server.js';

const program = new Command('kuma-tcp-echo')
  .description('Demo application: sends back what it receives; HTTP requests are answered with JSON that describes them.')
  .option('-p, --port <port>', 'port to listen on', '9000')
  .option('--address <ip>', 'address to listen on', '0.0.0.0')
  .option('--name <name>', 'name shown in HTTP answers', 'kuma-tcp-echo')
  .option('--zone <zone>', 'zone shown in HTTP answers', '')
  .option('--app-version <version>', 'version shown in HTTP answers', '')
  .parse();

const options = program.opts<{ port: string; address: string; name: string; zone: string; appVersion: string }>();
const port = Number(options.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) program.error(`--port: "${options.port}" is not a port (0-65535)`);

const server = createEchoServer({ name: options.name, zone: options.zone, version: options.appVersion });
server.on('error', (error) => program.error(`cannot listen on ${options.address}:${port}: ${error.message}`));
server.listen(port, options.address, () => {
  const address = server.address();
  if (address && typeof address === 'object') process.stdout.write(`kuma-tcp-echo listening on ${address.address}:${address.port}\n`);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0));
