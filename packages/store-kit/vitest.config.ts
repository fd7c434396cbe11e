import { mergeConfig } from 'vitest/config';
import { baseConfig } from '../../tooling/vitest/base.mjs';

const config = mergeConfig(baseConfig, {});
export default config;
