import { create } from '@bufbuild/protobuf';
import { type Cluster_CommonLbConfig, Cluster_CommonLbConfigSchema } from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import { PercentSchema } from '@mesh/proto/envoy/type/v3/percent_pb.js';
import type { ClusterModel } from '@mesh/xds';

/** Settings of a cluster that all its load balancers share; made where there are none yet. */
export function commonLbConfigOf(model: ClusterModel): Cluster_CommonLbConfig {
  model.message.commonLbConfig ??= create(Cluster_CommonLbConfigSchema);
  return model.message.commonLbConfig;
}

/** Below this percentage of healthy instances all are used. */
export function setPanicThreshold(model: ClusterModel, value: number): void {
  commonLbConfigOf(model).healthyPanicThreshold = create(PercentSchema, { value });
}
