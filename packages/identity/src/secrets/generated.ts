/** Signing keys of tokens, their public halves, and what builtin certificate authorities consist of. */
const GENERATED = /^(user|zone|dataplane)-token-signing(-public)?-key(-|$)|\.ca-builtin-(cert|key)-/;

/** Whether a secret of this name is one that control planes make by themselves (contract/kds.md §7), each its own. */
export function isGeneratedSecret(name: string): boolean {
  return GENERATED.test(name);
}
