import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { type Any, type Duration, DurationSchema } from '@bufbuild/protobuf/wkt';
import { packAny } from '@mesh/proto';
import { type Address, AddressSchema } from '@mesh/proto/envoy/config/core/v3/address_pb.js';
import { ApiVersion, type ConfigSource, ConfigSourceSchema } from '@mesh/proto/envoy/config/core/v3/config_source_pb.js';

/** A filter or socket by name, its configuration packed. */
export interface NamedConfig {
  readonly name: string;
  readonly config: Any;
}

/** Packs a message under the name Envoy knows its extension by. */
export function named<Desc extends DescMessage>(name: string, schema: Desc, message: MessageShape<Desc>): NamedConfig {
  return { name, config: packAny(schema, message) };
}

/** A protobuf duration of so many milliseconds. */
export function durationOf(ms: number): Duration {
  const seconds = Math.trunc(ms / 1000);
  return create(DurationSchema, { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) });
}

/** An IP and port. */
export function socketAddress(address: string, port: number): Address {
  return create(AddressSchema, {
    address: { case: 'socketAddress', value: { address, portSpecifier: { case: 'portValue', value: port } } },
  });
}

/** A Unix socket. */
export function pipeAddress(path: string): Address {
  return create(AddressSchema, { address: { case: 'pipe', value: { path } } });
}

/** "From the ADS stream this came by." */
export function adsSource(): ConfigSource {
  return create(ConfigSourceSchema, { configSourceSpecifier: { case: 'ads', value: {} }, resourceApiVersion: ApiVersion.V3 });
}
