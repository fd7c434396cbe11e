import { programBundle, STREAM_WORKER } from '../../tooling/bundle/program-bundle.mjs';

export default programBundle({ programs: STREAM_WORKER });
