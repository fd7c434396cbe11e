import { programBundle, REST_API_PAGE, STREAM_WORKER } from '../../tooling/bundle/program-bundle.mjs';

export default programBundle({ assets: REST_API_PAGE, programs: STREAM_WORKER });
