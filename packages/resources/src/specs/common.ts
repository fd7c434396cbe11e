import type { JsonObject } from '@mesh/core';

/**
 * Spec types are the protobuf JSON form of contract/wire-protobuf.md: lowerCamel names, zero
 * values left out (hence everything is optional), 64-bit numbers as strings, durations "3600s",
 * timestamps RFC 3339, bytes base64, wrappers as bare scalars, enums by name. Every field may be
 * absent even where validation asks for it: resources synced from elsewhere are not validated.
 */
export type Tags = Readonly<Record<string, string>>;
/** "3600s". */
export type ProtoDuration = string;
/** RFC 3339, UTC. */
export type Timestamp = string;
/** Decimal digits. */
export type Uint64 = string;

/** Where a certificate or key comes from; one of the fields. `inline` is base64. */
export interface DataSource {
  readonly secret?: string;
  readonly file?: string;
  readonly inline?: string;
  readonly inlineString?: string;
}

/** Where Envoy's admin endpoint of a proxy listens. */
export interface EnvoyAdmin {
  readonly port?: number;
}

/** A metrics backend of a Mesh, or the override of a Dataplane. */
export interface MetricsBackend {
  readonly name?: string;
  readonly type?: string;
  readonly conf?: JsonObject;
}
