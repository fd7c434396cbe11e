import { wireFaults } from '@mesh/fault-kit';
import { faultSuite } from './suite.js';

faultSuite('the network between a zone and its global', { addressBlock: 203, faults: wireFaults });
