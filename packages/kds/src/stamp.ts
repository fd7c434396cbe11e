/** What a response between peers of ours says of its sender's state, in the field that xDS keeps for debugging. */
export interface Stamp {
  /** Revision of the sender's store. */
  readonly revision?: number;
  /** W3C trace context of the change that is sent. */
  readonly trace?: string | undefined;
}

const FORM = /^(\d{1,15})(?: ([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}))?$/;

/** The text of `system_version_info`: the revision, and the trace context where there is one. */
export function writeStamp({ revision, trace }: Stamp & { readonly revision: number }): string {
  return trace === undefined ? String(revision) : `${revision} ${trace}`;
}

/** Reads `system_version_info`; a Kuma peer leaves it empty, and anything else says nothing. */
export function readStamp(text: string): Stamp {
  const match = FORM.exec(text);
  if (!match) return {};
  return { revision: Number(match[1]), ...(match[2] === undefined ? {} : { trace: match[2] }) };
}
