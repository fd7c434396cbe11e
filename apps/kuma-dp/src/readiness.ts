import { createServer, type Server } from 'node:http';
import { BUILD_INFO } from '@mesh/core';
import { type AdminAddress, adminRequest } from './envoy-admin.js';

export type ReadinessState = 'starting' | 'serving' | 'terminating';

/**
 * The readiness reporter: `GET /ready` answers 200 READY, or 503 NOT_READY / TERMINATING
 * (contract/dataplane.md §1.5). While serving it asks Envoy itself.
 */
export class ReadinessReporter {
  state: ReadinessState = 'starting';
  private server: Server | undefined;

  constructor(private readonly admin: () => AdminAddress | undefined) {}

  /**
   * @param port 0 disables the reporter.
   * @param anyPort another port will do where this one is taken (two proxies on one machine).
   * @returns the port that answers; 0 where disabled.
   */
  async start(port: number, anyPort: boolean): Promise<number> {
    if (port === 0) return 0;
    const server = createServer((request, response) => {
      void this.answer(request.method ?? '', request.url ?? '').then(({ status, body }) => {
        response.writeHead(status, {
          'content-type': 'text/plain',
          'cache-control': 'no-cache, max-age=0',
          'x-powered-by': `kuma-dp/${BUILD_INFO.version}`,
        });
        response.end(body);
      });
    });
    this.server = server;
    try {
      return await listen(server, port);
    } catch (error) {
      if (!anyPort) throw error;
      return listen(server, 0);
    }
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  private async answer(method: string, url: string): Promise<{ status: number; body: string }> {
    if (url.split('?')[0] !== '/ready') return { status: 404, body: '404: not found; this server has /ready only\n' };
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'GET only\n' };
    if (this.state === 'terminating') return { status: 503, body: 'TERMINATING' };
    if (this.state === 'starting') return { status: 503, body: 'NOT_READY' };
    return (await this.envoyReady()) ? { status: 200, body: 'READY' } : { status: 503, body: 'NOT_READY' };
  }

  private async envoyReady(): Promise<boolean> {
    const admin = this.admin();
    if (!admin) return true;
    try {
      return (await adminRequest(admin, 'GET', '/ready')) === 200;
    } catch {
      return false;
    }
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(address && typeof address === 'object' ? address.port : port);
    });
  });
}
