import { create, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { ClusterSchema } from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import { HttpProtocolOptionsSchema } from '@mesh/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { DeltaDiscoveryRequestSchema } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { envoyRegistry } from '@mesh/proto/envoy-registry.js';
import { DataplaneInsightSchema } from '@mesh/proto/kuma/mesh/v1alpha1/dataplane_insight_pb.js';
import { DataplaneSchema } from '@mesh/proto/kuma/mesh/v1alpha1/dataplane_pb.js';
import { KDSSyncService, KumaResourceSchema } from '@mesh/proto/kuma/mesh/v1alpha1/kds_pb.js';
import { describe, expect, it } from 'vitest';
import { kumaRegistry, packAny } from './index.js';

describe('generated messages', () => {
  it('KumaResource has the field numbers of the wire', () => {
    const bytes = toBinary(KumaResourceSchema, create(KumaResourceSchema, { meta: { name: 'a', mesh: 'b', labels: { k: 'v' } } }));
    expect(Buffer.from(bytes).toString('hex')).toBe('0a0e0a01611201623206' + '0a016b120176');
  });

  it('JSON names are the field names in lower camel case, and those already so stay', () => {
    const dataplane = fromJson(DataplaneSchema, {
      networking: {
        address: '1.1.1.1',
        inbound: [{ port: 80, servicePort: 8080, tags: { a: 'b' } }],
        transparentProxying: { redirectPortInbound: 1 },
      },
    });
    expect(toJson(DataplaneSchema, dataplane)).toEqual({
      networking: {
        address: '1.1.1.1',
        inbound: [{ port: 80, servicePort: 8080, tags: { a: 'b' } }],
        transparentProxying: { redirectPortInbound: 1 },
      },
    });
    const insight = fromJson(DataplaneInsightSchema, { mTLS: { issuedBackend: 'ca-1', certificateRegenerations: 3 } });
    expect(toJson(DataplaneInsightSchema, insight)).toEqual({ mTLS: { issuedBackend: 'ca-1', certificateRegenerations: 3 } });
  });

  it('the services of KDS carry the messages of the real Envoy API, not the stubs', () => {
    expect(KDSSyncService.method.globalToZoneSync.input).toBe(DeltaDiscoveryRequestSchema);
    expect(DeltaDiscoveryRequestSchema.fields.map((f) => f.name)).toContain('initial_resource_versions');
  });
});

describe('registries', () => {
  it('kumaRegistry finds specs of every package by full name', () => {
    for (const name of [
      'kuma.mesh.v1alpha1.Mesh',
      'kuma.mesh.v1alpha1.TrafficRoute',
      'kuma.system.v1alpha1.Secret',
      'kuma.observability.v1.MonitoringAssignment',
    ]) {
      expect(kumaRegistry.getMessage(name)?.typeName).toBe(name);
    }
  });

  it('a cluster with an Any inside round-trips through protobuf JSON and stays equal byte by byte', () => {
    const options = create(HttpProtocolOptionsSchema, {
      upstreamProtocolOptions: { case: 'explicitHttpConfig', value: { protocolConfig: { case: 'http2ProtocolOptions', value: {} } } },
    });
    const cluster = create(ClusterSchema, {
      name: 'backend',
      typedExtensionProtocolOptions: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': packAny(HttpProtocolOptionsSchema, options),
      },
    });
    const registry = envoyRegistry();
    const back = fromJson(ClusterSchema, toJson(ClusterSchema, cluster, { registry }), { registry });
    expect(toBinary(ClusterSchema, back)).toEqual(toBinary(ClusterSchema, cluster));
    expect(envoyRegistry()).toBe(registry);
  });

  it('packAny writes the type.googleapis.com type URL and the encoded message', () => {
    const any = packAny(ClusterSchema, create(ClusterSchema, { name: 'c' }));
    expect(any.typeUrl).toBe('type.googleapis.com/envoy.config.cluster.v3.Cluster');
    expect(fromBinary(ClusterSchema, any.value).name).toBe('c');
    expect(anyUnpack(any, envoyRegistry())?.$typeName).toBe('envoy.config.cluster.v3.Cluster');
  });
});
