import { Command, Option } from 'commander';
import { addressOption, apiOption, countOption, durationOption, type FleetFlags, rateOption } from './options.js';
import { printReport } from './print.js';
import { runFleet } from './run.js';

/** The command line of kuma-fleet. `setCode` receives 1 where the control plane broke a rule, else 0. */
export function buildProgram(write: (text: string) => void, setCode: (code: number) => void): Command {
  const program = new Command('kuma-fleet').description(
    'Simulates the proxies of a mesh: they connect to a zone control plane, check what they receive, and time how long changes take to reach them.',
  );
  addConnection(program);
  addShape(program);
  addLoad(program);
  program.addOption(new Option('-o, --output <format>', 'how to print the figures').choices(['table', 'json']).default('table'));
  program.action(async (flags: FleetFlags) => {
    const report = await runFleet(flags);
    write(flags.output === 'json' ? `${JSON.stringify(report, null, 1)}\n` : printReport(report));
    setCode(report.violations.count > 0 ? 1 : 0);
  });
  return program;
}

function addConnection(program: Command): void {
  program
    .requiredOption(
      '--cp-address <url>',
      'https://host:port of a zone control plane; given again, dataplanes (or zones, see --zones) take turns',
      addressOption,
    )
    .option('--ca-cert-file <file>', 'certificate to trust; without it every server certificate is accepted')
    .option('--api-address <url>', 'REST API, for tokens and for changes that are timed; once for each zone', apiOption, [])
    .option('--global-api-address <url>', 'REST API of the global, for policies of several zones', (url) => apiOption(url, [])[0])
    .option('--dataplane-token-file <file>', 'token for all dataplanes of the mesh, instead of one made over the API')
    .option('--no-token', 'send no token: data plane authentication is off')
    .addOption(new Option('--xds <variant>', 'variant of the protocol').choices(['sotw', 'delta']).default('sotw'))
    .addOption(
      new Option(
        '--retry-policy <policy>',
        'pauses before a lost stream comes back: up to 1.5 s as our bootstrap says, or 30 s as Envoy itself',
      )
        .choices(['own', 'envoy'])
        .default('own'),
    )
    .option('--streams-per-connection <n>', 'proxies that share a connection; Envoys never do', countOption(1), 1);
}

function addShape(program: Command): void {
  program
    .option('-m, --mesh <mesh>', 'mesh of the dataplanes', 'default')
    .option('--zones <n>', 'zones the instances of each service are spread over; cross-zone where the mesh has mTLS', countOption(1), 1)
    .option('--dps <n>', 'number of dataplanes', countOption(1), 100)
    .option('--services <n>', 'number of services', countOption(1), 50)
    .option('--outbounds <n>', 'services each dataplane calls', countOption(0), 3);
}

function addLoad(program: Command): void {
  program
    .option('--rampup-period <duration>', 'time over which dataplanes join', durationOption, 30_000)
    .option('--endpoint-changes <n>', 'changes of one endpoint to time', countOption(0), 0)
    .option('--policy-changes <n>', 'changes of a policy of the whole mesh to time', countOption(0), 0)
    .option('--churn <rate>', 'dataplanes per second that leave, join or lose their stream during --duration', rateOption, 0)
    .option('--duration <duration>', 'time to stay after everything joined', durationOption, 0)
    .option('--deadline <duration>', 'longest wait for a state', durationOption, 60_000);
}
