import type { Matched, PolicyPlugin } from '@mesh/xds';
import { matchPolicies } from '../sdk/matching.js';
import { mergeConfs } from '../sdk/merge.js';
import type { MeshPassthroughSpec } from './schema.js';

interface MatchedPassthrough extends Matched {
  /** All of it or none; undefined where no policy says so. */
  readonly open: boolean | undefined;
}

/** Effect in Envoy: the cluster behind the passthrough listeners of transparent proxying, there or not. */
export const meshPassthroughPlugin: PolicyPlugin<MatchedPassthrough> = {
  match(context, proxy) {
    const { all } = matchPolicies<MeshPassthroughSpec>(context, proxy, 'MeshPassthrough');
    const mode = mergeConfs(all.flatMap(({ spec }) => spec.default ?? []))?.passthroughMode;
    return { open: mode === 'All' ? true : mode === 'None' ? false : undefined, outboundKey: '' };
  },

  passthrough: ({ open }) => open,
};
