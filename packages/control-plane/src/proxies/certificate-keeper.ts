import { type Clock, keyString, type Logger, messageOf, type ResourceKey } from '@mesh/core';

/** A leaf certificate of a proxy, as it is kept in memory only; one that was recalled is made when somebody looks at it. */
export interface ProxyCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** Milliseconds since the epoch. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** Says what it is made from: what it must say, its authority, and when it was issued. */
  readonly version: string;
}

/** What a proxy's certificate must say, and who can issue it. */
export interface CertificateOrder {
  /** Changes whenever a new certificate is needed: authority, services and tags of the proxy, lifetime. */
  readonly fingerprint: string;
  readonly issue: () => Promise<ProxyCertificate>;
  /** The certificate a proxy says it has from another process or an earlier start; undefined where it may not have one that is as wanted. */
  readonly recall?: (() => ProxyCertificate | undefined) | undefined;
}

export interface CertificateKeeperOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when a proxy got a new certificate: its snapshot has to be built again. */
  readonly onIssued: (key: ResourceKey, certificate: ProxyCertificate) => void;
  /** Called when a proxy that came again was given the certificate it had. */
  readonly onTakenBack?: (key: ResourceKey, certificate: ProxyCertificate) => void;
  readonly onFailed?: (key: ResourceKey) => void;
  /** First and longest wait after a failure (`general.certGeneration*Backoff`). */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
}

interface Held {
  readonly key: ResourceKey;
  order: CertificateOrder;
  certificate: ProxyCertificate | undefined;
  /** Fingerprint `certificate` was issued for. */
  issuedFor: string | undefined;
  issuing: boolean;
  failures: number;
  timer: NodeJS.Timeout | undefined;
}

interface Kept {
  readonly certificate: ProxyCertificate;
  readonly issuedFor: string;
}

/** Certificates of proxies that left: about 2 KiB each. */
const KEPT_MAX = 10_000;
/** Part of a certificate's life after which it is replaced. */
const ROTATE_AFTER = 4 / 5;
/** Longest delay a Node timer takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Certificates of the connected proxies. They are made off the hot path: whoever asks gets what
 * there is, and is told when there is something new. The old one stays until then
 * (contract/dataplane.md §2.6).
 */
export class CertificateKeeper {
  private readonly held = new Map<string, Held>();
  /** Of proxies that left: one that comes again as the same gets its own, without a new key pair. Oldest first. */
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly options: CertificateKeeperOptions) {}

  /** The newest certificate of a proxy, or undefined while the first is being made. Orders one where the order changed. */
  want(key: ResourceKey, order: CertificateOrder): ProxyCertificate | undefined {
    const id = keyString(key);
    let held = this.held.get(id);
    if (!held) {
      held = { key, order, certificate: undefined, issuedFor: undefined, issuing: false, failures: 0, timer: undefined };
      this.held.set(id, held);
      this.takeBack(id, held);
    }
    const changed = held.order.fingerprint !== order.fingerprint;
    held.order = order;
    if (changed) held.failures = 0;
    if (held.issuedFor !== order.fingerprint && (changed || held.failures === 0)) this.issue(held);
    return held.certificate;
  }

  /** Forgets a proxy: it left, or its mesh has mTLS no more. Its certificate is kept for a while in case it returns. */
  forget(key: ResourceKey): void {
    const id = keyString(key);
    const held = this.held.get(id);
    if (!held) return;
    clearTimeout(held.timer);
    this.held.delete(id);
    const { certificate, issuedFor } = held;
    if (!certificate || issuedFor === undefined) return;
    this.kept.delete(id);
    this.kept.set(id, { certificate, issuedFor });
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT_MAX) break;
      this.kept.delete(oldest);
    }
  }

  stop(): void {
    for (const held of this.held.values()) clearTimeout(held.timer);
    this.held.clear();
    this.kept.clear();
  }

  /** Gives a returning proxy what it had, if it still says what is wanted and is not due for replacement. */
  private takeBack(id: string, held: Held): void {
    const kept = this.kept.get(id);
    this.kept.delete(id);
    const certificate = kept?.issuedFor === held.order.fingerprint ? kept.certificate : held.order.recall?.();
    if (!certificate || dueMs(certificate) <= this.options.clock.now()) return;
    held.certificate = certificate;
    held.issuedFor = held.order.fingerprint;
    this.scheduleRotation(held, certificate);
    this.options.onTakenBack?.(held.key, certificate);
  }

  private issue(held: Held): void {
    if (held.issuing) return;
    held.issuing = true;
    clearTimeout(held.timer);
    void this.issueNow(held).finally(() => {
      held.issuing = false;
      // The order changed while the old one was being carried out.
      if (this.isHeld(held) && held.failures === 0 && held.issuedFor !== held.order.fingerprint) this.issue(held);
    });
  }

  private async issueNow(held: Held): Promise<void> {
    const { order } = held;
    try {
      const certificate = await order.issue();
      if (!this.isHeld(held)) return;
      held.certificate = certificate;
      held.issuedFor = order.fingerprint;
      held.failures = 0;
      this.scheduleRotation(held, certificate);
      this.options.onIssued(held.key, certificate);
    } catch (error) {
      if (!this.isHeld(held)) return;
      this.failed(held, messageOf(error));
    }
  }

  private failed(held: Held, message: string): void {
    held.failures += 1;
    const { baseMs, maxMs } = this.options.backoff;
    const waitMs = Math.min(maxMs, baseMs * 2 ** (held.failures - 1));
    const { mesh, name } = held.key;
    this.options.log.warn({ proxy: name, mesh, error: message, retryInMs: waitMs }, 'no certificate was issued for a proxy');
    this.options.onFailed?.(held.key);
    this.schedule(held, waitMs);
  }

  private scheduleRotation(held: Held, certificate: ProxyCertificate): void {
    this.schedule(held, Math.max(0, dueMs(certificate) - this.options.clock.now()));
  }

  private schedule(held: Held, waitMs: number): void {
    clearTimeout(held.timer);
    const wakeAtMs = this.options.clock.now() + waitMs;
    const wake = () => {
      const leftMs = wakeAtMs - this.options.clock.now();
      if (leftMs > 0) {
        held.timer = setTimeout(wake, Math.min(leftMs, TIMER_MS_MAX));
        held.timer.unref();
      } else this.issue(held);
    };
    held.timer = setTimeout(wake, Math.min(waitMs, TIMER_MS_MAX));
    held.timer.unref();
  }

  private isHeld(held: Held): boolean {
    return this.held.get(keyString(held.key)) === held;
  }
}

/** When a certificate is to be replaced, in milliseconds since the epoch. */
function dueMs({ issuedAtMs, expiresAtMs }: ProxyCertificate): number {
  return issuedAtMs + (expiresAtMs - issuedAtMs) * ROTATE_AFTER;
}
