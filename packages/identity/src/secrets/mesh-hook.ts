import { type Clock, MeshError, type Mutation, type ResourceDraft, type ResourceStore, ResourceView, Violations } from '@mesh/core';
import { type MeshChange, type MeshHook, secretsOfMesh } from '@mesh/resources';
import { builtinCaSecrets } from '../ca/builtin.js';
import { FILE_REFUSED, namesFile } from '../ca/data-source.js';
import { checkProvidedCa } from '../ca/provided.js';
import { defaultSecretsForMesh } from './defaults.js';

export interface MeshSecretsHookOptions {
  readonly store: ResourceStore;
  readonly clock: Clock;
}

/**
 * Makes what the identities of a mesh need, in the transaction of the Mesh: the signing key of
 * its tokens on create, and the CA of each builtin backend whose secrets are missing. Refuses a
 * provided CA that cannot issue.
 */
export function meshSecretsHook(options: MeshSecretsHookOptions): MeshHook {
  return async (change) => {
    refuseFiles(change);
    await refuseBadCa(change, options);
    const keys = change.before ? [] : defaultSecretsForMesh(change.name);
    const drafts = await Promise.all([keys, missingBuiltinCas(change, options)]);
    return withoutExisting(drafts.flat(), options.store);
  };
}

/** `skipValidation` lets a CA through that cannot issue, never one that would read the disk of the server. */
function refuseFiles({ spec }: MeshChange): void {
  const violations = Violations.at();
  spec.mtls?.backends?.forEach(({ conf }, i) => {
    for (const [field, source] of Object.entries(conf ?? {})) {
      if (namesFile(source)) violations.field('mtls').field('backends').index(i).field('conf').field(field).field('file').add(FILE_REFUSED);
    }
  });
  if (!violations.ok) throw new MeshError('invalid', { violations: violations.list });
}

async function refuseBadCa({ name, spec }: MeshChange, { store }: MeshSecretsHookOptions): Promise<void> {
  const backends = spec.mtls?.backends ?? [];
  if (spec.mtls?.skipValidation || !backends.some(({ type }) => type === 'provided')) return;
  // Read from the store: a secret written just before the Mesh may not have reached the view.
  const found = await Promise.all(
    [...secretsOfMesh(name, spec).keys()].map((each) => store.get({ kind: 'Secret', mesh: name, name: each })),
  );
  const view = new ResourceView();
  view.apply({ type: 'snapshot', snapshot: { revision: 0, resources: found.filter((each) => each !== undefined) } });
  const violations = Violations.at();
  backends.forEach((backend, i) => {
    const at = violations.field('mtls').field('backends').index(i).field('conf');
    if (backend.type === 'provided') checkProvidedCa(backend, { view, mesh: name }, at);
  });
  if (!violations.ok) throw new MeshError('invalid', { violations: violations.list });
}

async function missingBuiltinCas({ name, spec }: MeshChange, { store, clock }: MeshSecretsHookOptions): Promise<ResourceDraft[]> {
  const builtin = (spec.mtls?.backends ?? []).filter(({ type }) => type === 'builtin');
  const made = builtin.map(async (backend) => {
    const names = [...secretsOfMesh(name, { mtls: { backends: [backend] } }).keys()];
    const stored = await Promise.all(names.map((each) => store.get({ kind: 'Secret', mesh: name, name: each })));
    // A lost half makes a new pair: the other half is of no use without it.
    return stored.includes(undefined) ? builtinCaSecrets({ mesh: name, backend, now: clock.now() }) : [];
  });
  return (await Promise.all(made)).flat();
}

async function withoutExisting(drafts: readonly ResourceDraft[], store: ResourceStore): Promise<readonly Mutation[]> {
  const isCa = (draft: ResourceDraft) => draft.name.includes('.ca-builtin-');
  const known = await Promise.all(drafts.map((draft) => store.get(draft)));
  return drafts.flatMap((draft, i): Mutation[] => (known[i] && !isCa(draft) ? [] : [{ op: 'upsert', draft }]));
}
