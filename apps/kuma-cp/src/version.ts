import { BUILD_INFO, PRODUCT } from '@mesh/core';

/** What `kuma-cp version` prints: one line, or five where `detailed` (contract/rest-api.md §6). */
export function versionText(detailed: boolean): string {
  if (!detailed) return `${PRODUCT}: ${BUILD_INFO.version}\n`;
  const { version, gitTag, gitCommit, buildDate } = BUILD_INFO;
  const facts = { Product: PRODUCT, Version: version, 'Git Tag': gitTag, 'Git Commit': gitCommit, 'Build Date': buildDate };
  return Object.entries(facts)
    .map(([name, value]) => `${`${name}:`.padEnd(15)}${value}\n`)
    .join('');
}
