import { checkConfigKeys } from './config-keys.mjs';
import { checkDocsOnExports } from './docs-on-exports.mjs';
import { checkDecisions, checkPolicyFolders, checkRootEntries } from './layout.mjs';
import { checkManifests } from './manifests.mjs';
import { checkSizes } from './sizes.mjs';
import { checkNoClockInDomain, checkNoMachinePaths, checkNoMarkers, checkNoRegistryHosts } from './texts.mjs';

/** All rules by the sentence they hold. Each takes the root of a checkout and returns one line per fault. */
export const rules = {
  'every package has a README, a role, a name, scripts and catalog versions': checkManifests,
  'only known files stand at the root': checkRootEntries,
  'decisions are dated, unique and complete': checkDecisions,
  'every policy folder is complete': checkPolicyFolders,
  'files and functions keep to their size budgets': checkSizes,
  'every exported function and class of a package is documented': checkDocsOnExports,
  'every configuration key is read, or said to change nothing': checkConfigKeys,
  'sources hold no marker of unfinished work': checkNoMarkers,
  'committed files name no directory of a machine': checkNoMachinePaths,
  'committed files name no package registry': checkNoRegistryHosts,
  'domain packages read no clock of their own': checkNoClockInDomain,
};
