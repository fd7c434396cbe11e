import { programBundle, REST_API_PAGE } from '../../tooling/bundle/program-bundle.mjs';

export default programBundle({ assets: REST_API_PAGE });
