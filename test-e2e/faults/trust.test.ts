import { trustFaults } from '@mesh/fault-kit';
import { faultSuite } from './suite.js';

faultSuite('peers, clocks and certificates are not what they should be', { addressBlock: 205, faults: trustFaults });
