import { create } from '@bufbuild/protobuf';
import { packAny } from '@mesh/proto';
import { type AccessLog, AccessLogSchema } from '@mesh/proto/envoy/config/accesslog/v3/accesslog_pb.js';
import { FileAccessLogSchema } from '@mesh/proto/envoy/extensions/access_loggers/file/v3/file_pb.js';
import { ExpressionFilterSchema } from '@mesh/proto/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js';
import type { ListenerModel } from '@mesh/xds';
import type { RuleMatch } from '../sdk/rules.js';
import type { AccessLogConf, AccessLogFormat } from './schema.js';

/** What `%KUMA_…%` stands for in the logs of a listener. */
export interface LogSubject {
  readonly mesh: string;
  readonly zone: string;
  readonly source: string;
  readonly destination: string;
  /** Address of the proxy. */
  readonly address: string;
  readonly workload: string;
}

const HTTP_FORMAT =
  '[%START_TIME%] %KUMA_MESH% "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-B3-TRACEID?X-DATADOG-TRACEID)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%KUMA_SOURCE_SERVICE%" ' +
  '"%KUMA_DESTINATION_SERVICE%" "%KUMA_SOURCE_ADDRESS_WITHOUT_PORT%" "%UPSTREAM_HOST%"';

const TCP_FORMAT =
  '[%START_TIME%] %RESPONSE_FLAGS% %KUMA_MESH% %KUMA_SOURCE_ADDRESS_WITHOUT_PORT%(%KUMA_SOURCE_SERVICE%)->' +
  '%UPSTREAM_HOST%(%KUMA_DESTINATION_SERVICE%) took %DURATION%ms, sent %BYTES_SENT% bytes, received: %BYTES_RECEIVED% bytes';

/** Adds the logs of a conf to the chains of a listener; with a match, only for what those callers do. */
export function addLogs(
  listener: ListenerModel,
  conf: AccessLogConf,
  { subject, match }: { subject: LogSubject; match?: RuleMatch },
): void {
  for (const { terminal } of listener.chains) {
    if (terminal.kind === 'direct' || terminal.kind === 'made') continue;
    const standard = terminal.kind === 'http' ? HTTP_FORMAT : TCP_FORMAT;
    const expand = (text: string) => substitute(text, { ...subject, direction: listener.direction });
    const logs = (conf.backends ?? []).flatMap(({ file }) => (file ? [fileLog(file, { standard, expand })] : []));
    for (const log of logs) if (match) log.filter = filterFor(match);
    if (terminal.kind === 'http') terminal.manager.accessLog.push(...logs);
    else terminal.proxy.accessLog.push(...logs);
  }
}

interface Texts {
  /** Format where the user gave none. */
  readonly standard: string;
  expand(text: string): string;
}

function fileLog({ path, format }: { readonly path: string; readonly format?: AccessLogFormat | undefined }, texts: Texts): AccessLog {
  const value = packAny(
    FileAccessLogSchema,
    create(FileAccessLogSchema, { path, accessLogFormat: { case: 'logFormat', value: logFormat(format, texts) } }),
  );
  return create(AccessLogSchema, { name: 'envoy.access_loggers.file', configType: { case: 'typedConfig', value } });
}

function logFormat(format: AccessLogFormat | undefined, { standard, expand }: Texts) {
  const omitEmptyValues = format?.omitEmptyValues ?? false;
  if (format?.type === 'Json') {
    const value = Object.fromEntries((format.json ?? []).map(({ key, value: text }) => [key, expand(text)]));
    return { format: { case: 'jsonFormat' as const, value }, omitEmptyValues };
  }
  const inlineString = `${expand(format?.plain ?? standard)}\n`;
  return {
    format: { case: 'textFormatSource' as const, value: { specifier: { case: 'inlineString' as const, value: inlineString } } },
    omitEmptyValues,
  };
}

function substitute(text: string, subject: LogSubject & { readonly direction: string }): string {
  const values: Readonly<Record<string, string>> = {
    '%KUMA_MESH%': subject.mesh,
    '%KUMA_SOURCE_SERVICE%': subject.source,
    '%KUMA_DESTINATION_SERVICE%': subject.destination,
    '%KUMA_SOURCE_ADDRESS%': `${subject.address}:0`,
    '%KUMA_SOURCE_ADDRESS_WITHOUT_PORT%': subject.address,
    '%KUMA_TRAFFIC_DIRECTION%': subject.direction.toUpperCase(),
    '%KUMA_ZONE%': subject.zone,
    '%KUMA_WORKLOAD%': subject.workload,
  };
  return text.replace(/%KUMA_[A-Z_]+%/g, (name) => values[name] ?? name);
}

/** Only for callers that the rule matches, by certificate and server name. */
function filterFor({ spiffeID, sni }: RuleMatch): AccessLog['filter'] {
  const id = JSON.stringify(spiffeID?.value ?? '');
  const uri = 'connection.uri_san_peer_certificate';
  const parts = [
    ...(spiffeID ? [spiffeID.type === 'Exact' ? `${uri} == ${id}` : `${uri}.startsWith(${id})`] : []),
    ...(sni ? [`connection.requested_server_name == ${JSON.stringify(sni.value)}`] : []),
  ];
  const value = packAny(ExpressionFilterSchema, create(ExpressionFilterSchema, { expression: parts.join(' && ') || 'true' }));
  const extension = { name: 'envoy.access_loggers.extension_filters.cel', configType: { case: 'typedConfig' as const, value } };
  return create(AccessLogSchema, { filter: { filterSpecifier: { case: 'extensionFilter', value: extension } } }).filter;
}
