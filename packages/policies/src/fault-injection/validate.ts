import { STATUS_CODES } from 'node:http';
import { TAG_PROTOCOL, type Violations } from '@mesh/core';
import { checkPercent } from '../sdk/connection-policy.js';
import { checkSelectors } from '../sdk/selectors.js';
import type { FaultInjectionSpec } from './schema.js';

const PROTOCOLS = ['http', 'http2', 'grpc'];

/** Rules of contract/policies.md §1.2. A fault without any field counts as absent. */
export function validateFaultInjection({ sources, destinations, conf = {} }: FaultInjectionSpec, violations: Violations): void {
  checkSelectors(sources, violations.field('sources'));
  checkSelectors(destinations, violations.field('destinations'));
  for (const [i, { match = {} }] of (destinations ?? []).entries()) {
    const at = violations.field('destinations').index(i).field('match');
    const protocol = match[TAG_PROTOCOL];
    if (protocol === undefined) at.add('protocol must be specified');
    else if (!PROTOCOLS.includes(protocol)) at.key(TAG_PROTOCOL).add(`must be one of the [${PROTOCOLS.join(', ')}]`);
  }
  checkFaults(conf, violations.field('conf'));
}

function checkFaults(conf: NonNullable<FaultInjectionSpec['conf']>, at: Violations): void {
  const delay = given(conf.delay);
  const abort = given(conf.abort);
  const bandwidth = given(conf.responseBandwidth);
  if (!delay && !abort && !bandwidth) at.add('must have at least one of the faults configured');
  if (delay) {
    checkShare(delay.percentage, at.field('delay').field('percentage'));
    if (delay.value === undefined) at.field('delay').field('value').add('cannot be empty');
  }
  if (abort) {
    checkShare(abort.percentage, at.field('abort').field('percentage'));
    const status = at.field('abort').field('httpStatus');
    if (abort.httpStatus === undefined) status.add('cannot be empty');
    else if (STATUS_CODES[abort.httpStatus] === undefined) status.add('http status code is incorrect');
  }
  if (!bandwidth) return;
  checkShare(bandwidth.percentage, at.field('responseBandwidth').field('percentage'));
  const limit = at.field('responseBandwidth').field('limit');
  if (bandwidth.limit === undefined) limit.add('cannot be empty');
  else if (!/^\d+\s?[kMG]bps$/.test(bandwidth.limit)) limit.add('has to be in kbps/mbps/gbps units');
}

function given<Fault extends object>(fault: Fault | undefined): Fault | undefined {
  return fault && Object.keys(fault).length > 0 ? fault : undefined;
}

function checkShare(percentage: number | undefined, at: Violations): void {
  if (percentage === undefined) at.add('cannot be empty');
  else checkPercent(percentage, at);
}
