import { instanceFaults } from '@mesh/fault-kit';
import { faultSuite } from './suite.js';

faultSuite('one of two instances of each service, or Redis between them, fails', {
  addressBlock: 207,
  faults: instanceFaults,
  isInstanced: true,
});
