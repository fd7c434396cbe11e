import { formatDuration, isDns1123Subdomain, parseDuration, type Violations } from '@mesh/core';
import { z } from 'zod';
import { isIp } from '../validation/address.js';

/** A port a service can have. */
export const portNumber = z.int().min(1).max(65535);

/** A Go duration ("1h30m", "500ms"); kept as Go prints it ("1h" becomes "1h0m0s"). */
export const goDuration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, { message: 'must be a duration like "500ms" or "1h30m"' })
  .overwrite((text) => formatDuration(parseDuration(text) ?? 0));

/** Chooses resources by labels: all that are given must be there with the value. */
export const labelSelector = z.object({ matchLabels: z.record(z.string(), z.string()).optional() });

/** What an extension of the control plane understands, by name; not looked at otherwise. */
export const extensionConfig = z.record(z.string(), z.json());

/** A PEM, a key or a password, or the name of the secret that holds it. */
export const dataSource = z.object({
  /** Base64. */
  inline: z.base64().optional(),
  inlineString: z.string().optional(),
  /** Name of a secret of the mesh. */
  secret: z.string().optional(),
});

/** Reports a host that is neither an IP address nor a host name. */
export function checkHost(host: string, at: Violations): void {
  if (!isIp(host) && !isDns1123Subdomain(host.toLowerCase())) at.add('address has to be a valid IP or hostname');
}

/** Reports a duration below zero. */
export function checkNotNegative(duration: string | undefined, at: Violations): void {
  if (duration !== undefined && (parseDuration(duration) ?? 0) < 0) at.add('must not be negative when defined');
}
