import { map, message, protoSchema, repeated, type Tags, text } from '@mesh/resources';
import { type Selector, selectorsField } from '../sdk/selectors.js';

interface Match {
  readonly origin?: string;
  readonly name?: string;
}

interface ListenerMatch extends Match {
  readonly tags?: Tags;
}

interface FilterMatch extends Match {
  readonly listenerName?: string;
  readonly listenerTags?: Tags;
}

interface HostMatch extends Match {
  readonly routeConfigurationName?: string;
}

export interface TemplateChange<M extends Match = Match> {
  readonly match?: M;
  readonly operation?: string;
  /** A message of Envoy in YAML. */
  readonly value?: string;
}

/** One of the fields. */
export interface TemplateModification {
  readonly cluster?: TemplateChange;
  readonly listener?: TemplateChange<ListenerMatch>;
  readonly networkFilter?: TemplateChange<FilterMatch>;
  readonly httpFilter?: TemplateChange<FilterMatch>;
  readonly virtualHost?: TemplateChange<HostMatch>;
}

/** A resource of Envoy as a user wrote it. */
export interface RawResource {
  readonly name?: string;
  readonly version?: string;
  readonly resource?: string;
}

interface Conf {
  /** What is generated to begin with. */
  readonly imports?: readonly string[];
  readonly resources?: readonly RawResource[];
  readonly modifications?: readonly TemplateModification[];
}

/** Changes to the configuration of the proxies that the selectors choose. */
export interface ProxyTemplateSpec {
  readonly selectors?: readonly Selector[];
  readonly conf?: Conf;
}

const filterMatch = message<FilterMatch>({ origin: text, name: text, listenerName: text, listenerTags: map(text) });
const filter = message<TemplateChange<FilterMatch>>({ match: filterMatch, operation: text, value: text });

/** Shape of a ProxyTemplate: `kuma.mesh.v1alpha1.ProxyTemplate` as protobuf JSON. */
export const proxyTemplateSchema = protoSchema<ProxyTemplateSpec>(
  message<ProxyTemplateSpec>({
    selectors: selectorsField,
    conf: message<Conf>({
      imports: repeated(text),
      resources: repeated(message<RawResource>({ name: text, version: text, resource: text })),
      modifications: repeated(
        message<TemplateModification>({
          cluster: message<TemplateChange>({ match: message<Match>({ origin: text, name: text }), operation: text, value: text }),
          listener: message<TemplateChange<ListenerMatch>>({
            match: message<ListenerMatch>({ origin: text, name: text, tags: map(text) }),
            operation: text,
            value: text,
          }),
          networkFilter: filter,
          httpFilter: filter,
          virtualHost: message<TemplateChange<HostMatch>>({
            match: message<HostMatch>({ origin: text, name: text, routeConfigurationName: text }),
            operation: text,
            value: text,
          }),
        }),
      ),
    }),
  }),
);
