import { type Command, Option } from 'commander';
import { UserError } from '../errors.js';
import { pathOf } from '../help.js';
import type { Io } from '../io.js';

/** A component of Kuma that this build cannot install yet. */
interface Component {
  readonly name: string;
  readonly summary: string;
  /** Why not, and what to do instead. */
  readonly instead: string;
}

const KUBERNETES = 'this build runs on hosts and virtual machines, Kubernetes comes later';
const TRANSPARENT =
  'this build redirects no traffic yet; list what a service calls under networking.outbound of its Dataplane, or let kuma-dp serve the names of the mesh';

const INSTALL: readonly Component[] = [
  {
    name: 'control-plane',
    summary: 'Install Kuma Control Plane on Kubernetes',
    instead: `${KUBERNETES}; start a control plane with: kuma-cp run`,
  },
  { name: 'crds', summary: 'Install Kuma Custom Resource Definitions on Kubernetes', instead: KUBERNETES },
  { name: 'demo', summary: 'Install Kuma demo on Kubernetes', instead: `${KUBERNETES}; two zones on this machine: npm run lab` },
  {
    name: 'observability',
    summary: 'Install Observability (Metrics, Logging, Tracing) backend in Kubernetes cluster',
    instead: `${KUBERNETES}; metrics of a control plane are at :5680/metrics`,
  },
  { name: 'transparent-proxy', summary: 'Install Transparent Proxy pre-requisites on the host', instead: TRANSPARENT },
  {
    name: 'transparent-proxy-validator',
    summary: 'Validates if transparent proxy has been set up successfully',
    instead: TRANSPARENT,
  },
];

const UNINSTALL: readonly Component[] = [
  { name: 'ebpf', summary: 'Uninstall BPF files from the nodes', instead: 'this build installs no BPF files, there are none to remove' },
  {
    name: 'transparent-proxy',
    summary: 'Uninstall Transparent Proxy pre-requisites on the host',
    instead: 'this build installs no transparent proxy, there is none to remove',
  },
];

/** Components of the manuals of old versions. */
const INSTALL_BEFORE: readonly Component[] = [
  { name: 'database-schema', summary: 'Before 0.6', instead: 'a control plane with Postgres makes its tables with: kuma-cp migrate up' },
  { name: 'dns', summary: 'Before 1.0', instead: 'names of the mesh are served by dns-resolver and kuma-dp' },
  { name: 'ingress', summary: 'Before 1.2', instead: 'start a zone ingress with: kuma-dp run --proxy-type=ingress' },
  { name: 'metrics', summary: 'Before 2.0', instead: `${KUBERNETES}; metrics of a control plane are at :5680/metrics` },
];

/** `kumactl install`. */
export function addInstallCommands(root: Command, _io: Io): void {
  const install = root.command('install').description('Install various Kuma components');
  addComponents(install, INSTALL, { hidden: false });
  addComponents(install, INSTALL_BEFORE, { hidden: true });
}

/** `kumactl uninstall`. */
export function addUninstallCommands(root: Command, _io: Io): void {
  addComponents(root.command('uninstall').description('Uninstall various Kuma components'), UNINSTALL, { hidden: false });
}

/** Components take any flag, so that what is said is that they are missing, and not that a flag of theirs is. */
function addComponents(group: Command, components: readonly Component[], { hidden }: { hidden: boolean }): void {
  for (const { name, summary, instead } of components) {
    group
      .command(name, { hidden })
      .summary(summary)
      .description(`${summary}. Not part of this build: ${instead}`)
      .allowUnknownOption()
      .addOption(new Option('--dry-run').hideHelp())
      .argument('[arguments...]')
      .action((_args: unknown, _options: unknown, self: Command) => {
        throw new UserError(`"${pathOf(self)}" is not available: ${instead}`);
      });
  }
}
