import type { DataSource, ExternalServiceTls } from '@mesh/resources';
import type { ExternalTls } from './endpoint.js';

/** Content of a secret of the mesh by its name. */
export type SecretReader = (name: string) => string | undefined;

/** TLS of an external service, or why it cannot be had; undefined where it is not asked for. */
export type ExternalTlsResult =
  | { readonly tls: ExternalTls; readonly problem?: undefined }
  | { readonly tls?: undefined; readonly problem: string }
  | undefined;

type Source = 'caCert' | 'clientCert' | 'clientKey';

/**
 * Reads the certificates of an ExternalService (contract/policies.md §1.2). One that cannot be read
 * is a problem, never a connection without it. Files are refused: a document must not choose what
 * a server reads from its disk.
 */
export function resolveExternalTls(spec: ExternalServiceTls | undefined, host: string, readSecret: SecretReader): ExternalTlsResult {
  if (!spec?.enabled) return undefined;
  const problems: string[] = [];
  const read = (field: Source): string | undefined => {
    const source = spec[field];
    if (source === undefined) return undefined;
    const content = contentOf(source, readSecret);
    if (content === undefined) problems.push(`tls.${field} ${reasonOf(source)}`);
    return content;
  };
  const [caPem, certPem, keyPem] = [read('caCert'), read('clientCert'), read('clientKey')];
  if ((spec.clientCert === undefined) !== (spec.clientKey === undefined)) problems.push('tls.clientCert and tls.clientKey come together');
  if (problems.length > 0) return { problem: problems.join('; ') };
  return {
    tls: {
      serverName: spec.serverName || host,
      caPem,
      client: certPem !== undefined && keyPem !== undefined ? { certPem, keyPem } : undefined,
      verifyName: spec.skipHostnameVerification !== true,
      allowRenegotiation: spec.allowRenegotiation === true,
    },
  };
}

/** Names of the secrets that the TLS of an ExternalService refers to. */
export function secretsOfTls(spec: ExternalServiceTls | undefined): string[] {
  return [spec?.caCert, spec?.clientCert, spec?.clientKey].flatMap((source) => (source?.secret ? [source.secret] : []));
}

function contentOf(source: DataSource, readSecret: SecretReader): string | undefined {
  if (source.secret) return readSecret(source.secret);
  if (source.inline) return Buffer.from(source.inline, 'base64').toString('utf8');
  return source.inlineString || undefined;
}

function reasonOf(source: DataSource): string {
  if (source.secret) return `names the secret "${source.secret}", which does not exist`;
  return source.file ? 'names a file, which is not read: use "secret", "inline" or "inlineString"' : 'is empty';
}
