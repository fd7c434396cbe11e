import { TAG_SERVICE, type Violations } from '@mesh/core';
import type { DataSource, ExternalServiceSpec, ExternalServiceTls } from '../specs/index.js';
import { checkProtocolTag, checkServiceTag, checkTagCharacters, isDnsName, isIp, isPort, splitHostPort } from '../validation/index.js';

/** Rules of contract/rest-api.md §8 for an ExternalService, in the order Kuma reports them. */
export function validateExternalService({ networking, tags }: ExternalServiceSpec, violations: Violations): void {
  const at = violations.field('networking');
  if (networking === undefined) {
    at.add('should have networking');
  } else {
    checkHostPort(networking.address ?? '', at.field('address'));
    if (networking.tls) checkTls(networking.tls, at.field('tls'));
  }
  const tagsAt = violations.field('tags');
  checkTagCharacters(tags ?? {}, tagsAt);
  checkServiceTag(tags, tagsAt);
  const host = splitHostPort(networking?.address ?? '')?.host;
  if (host && tags?.[TAG_SERVICE] === host) tagsAt.key(TAG_SERVICE).add('cannot be the same as networking.address');
  checkProtocolTag(tags ?? {}, tagsAt);
}

function checkHostPort(address: string, at: Violations): void {
  const parts = splitHostPort(address);
  if (!parts) at.add('unable to parse address');
  const { host, port } = parts ?? { host: '', port: '' };
  if (!isIp(host) && !isDnsName(host)) at.add('address has to be a valid IP address or a domain name');
  const numeric = /^\d{1,10}$/.test(port);
  if (!numeric) at.add('unable to parse port in address');
  if (!numeric || !isPort(Number(port))) at.add('port must be in the range [1, 65535]');
}

/** A document must not choose what a server reads from its disk. */
const FILE_REFUSED = 'files are not read by the control plane: use "secret", "inline" or "inlineString"';

function checkTls(tls: ExternalServiceTls, at: Violations): void {
  if (tls.serverName === '') at.field('serverName').add('cannot be empty');
  for (const field of ['caCert', 'clientCert', 'clientKey'] as const) {
    const source = tls[field];
    if (source && isEmpty(source)) at.field(field).add('data source cannot be empty');
    if (source?.file) at.field(field).field('file').add(FILE_REFUSED);
  }
}

function isEmpty({ secret, file, inline, inlineString }: DataSource): boolean {
  return !secret && !file && !inline && !inlineString;
}
