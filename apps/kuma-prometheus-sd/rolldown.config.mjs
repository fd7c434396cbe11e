import { programBundle } from '../../tooling/bundle/program-bundle.mjs';

export default programBundle();
