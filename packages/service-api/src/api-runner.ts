import { DescriptorRegistry, type Logger, type Runner } from '@mesh/core';
import { type ApiAddresses, type ApiServer, createApiServer } from '@mesh/http-api';
import { allPolicyKinds } from '@mesh/policies/kinds';
import { coreKinds } from '@mesh/resources';
import { enabledKinds, type ServiceOptions } from '@mesh/runtime';
import { type ControlPlaneConnection, connectControlPlane } from '@mesh/service-client';
import { type UserTokenAuthenticator, userTokenAuthenticator } from './authenticator.js';
import { apiMetrics } from './metrics.js';
import { apiTls } from './tls.js';

const READY_CHECK = 'api';

/**
 * The REST API as a service. Reads: the view of its control plane. Publishes: HTTP and HTTPS. It
 * listens at once and answers 503 until the first snapshot is there; from then on reads go on
 * whatever happens to the control plane.
 */
export class ApiRunner implements Runner {
  readonly name = 'api-gateway';
  private readonly log: Logger;
  private connection: ControlPlaneConnection | undefined;
  private server: ApiServer | undefined;
  private authenticator: UserTokenAuthenticator | undefined;
  private check: { unregister(): void } | undefined;
  private bound: ApiAddresses = {};

  constructor(private readonly options: ServiceOptions) {
    this.log = options.log.child({ component: 'api' });
  }

  /** Where it listens: differs from the configuration where that says port 0. */
  get addresses(): ApiAddresses {
    return this.bound;
  }

  async start(): Promise<void> {
    const { config, metrics, health } = this.options;
    this.connection = await connectControlPlane(this.options, { log: this.log });
    const { controlPlane } = this.connection;
    this.authenticator = userTokenAuthenticator(config, controlPlane.view);
    const tls = await apiTls(config);
    this.server = await createApiServer({
      controlPlane,
      registry: new DescriptorRegistry(enabledKinds(config, [...coreKinds, ...allPolicyKinds])),
      config,
      authenticator: this.authenticator,
      log: this.log,
      metrics: apiMetrics(metrics),
      ...(tls ? { tls } : {}),
    });
    this.bound = await this.server.start();
    this.check = health.register(READY_CHECK, () =>
      controlPlane.view.revision >= 0 ? undefined : 'nothing heard from the control plane yet',
    );
    this.log.info({ http: this.bound.http?.port, https: this.bound.https?.port }, 'the API is served');
  }

  async stop(): Promise<void> {
    this.check?.unregister();
    await this.server?.stop();
    this.authenticator?.close();
    await this.connection?.close();
  }
}
