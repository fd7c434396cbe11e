import type { DataSource, Tags } from './common.js';

/** A secret; GlobalSecret has the same shape. */
export interface SecretSpec {
  /** base64. */
  readonly data?: string;
}

/** A value the control planes share; no REST path. */
export interface ConfigSpec {
  readonly config?: string;
}

export interface ExternalServiceTls {
  readonly enabled?: boolean;
  readonly caCert?: DataSource;
  readonly clientCert?: DataSource;
  readonly clientKey?: DataSource;
  readonly allowRenegotiation?: boolean;
  readonly serverName?: string;
  readonly skipHostnameVerification?: boolean;
}

/** A service outside the mesh. */
export interface ExternalServiceSpec {
  /** `address` is `host:port`. */
  readonly networking?: {
    readonly address?: string;
    readonly tls?: ExternalServiceTls;
    readonly disableHostDNSEntry?: boolean;
  };
  readonly tags?: Tags;
}
