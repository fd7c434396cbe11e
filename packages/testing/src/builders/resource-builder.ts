import type { JsonObject, Resource, ResourceDraft, ResourceKey } from '@mesh/core';

/** A spec that fits both the typed spec of its kind and `Resource` as stores and views hold it. */
export type BuiltSpec<Spec> = Spec & JsonObject;

/** Builds one resource; every method returns the builder, `build` may be called again and again. */
export class ResourceBuilder<Spec extends object = JsonObject> {
  private labels: Record<string, string> = {};
  private creationTime = '2026-01-01T00:00:00Z';
  private modificationTime = '2026-01-01T00:00:00Z';
  private version = 1;
  private owner: ResourceKey | undefined;
  private status: JsonObject | undefined;

  constructor(
    private key: ResourceKey,
    protected spec: Spec,
  ) {
    this.owner = ownerIn(key.mesh);
  }

  named(name: string): this {
    this.key = { ...this.key, name };
    return this;
  }

  inMesh(mesh: string): this {
    this.key = { ...this.key, mesh };
    this.owner = ownerIn(mesh);
    return this;
  }

  label(key: string, value: string): this {
    this.labels = { ...this.labels, [key]: value };
    return this;
  }

  /** Labels of a resource that a zone made. */
  fromZone(zone: string): this {
    return this.label('kuma.io/origin', 'zone').label('kuma.io/zone', zone);
  }

  /** Labels of a resource that came from the global. */
  fromGlobal(): this {
    return this.label('kuma.io/origin', 'global');
  }

  /** RFC 3339; also the time of the last change. */
  createdAt(time: string): this {
    this.creationTime = time;
    this.modificationTime = time;
    return this;
  }

  atVersion(version: number): this {
    this.version = version;
    return this;
  }

  ownedBy(owner: ResourceKey | undefined): this {
    this.owner = owner;
    return this;
  }

  withStatus(status: JsonObject): this {
    this.status = status;
    return this;
  }

  /** Replaces the spec. */
  withSpec(spec: Spec): this {
    this.spec = spec;
    return this;
  }

  build(): Resource<BuiltSpec<Spec>> {
    return {
      kind: this.key.kind,
      meta: {
        mesh: this.key.mesh,
        name: this.key.name,
        labels: this.labels,
        creationTime: this.creationTime,
        modificationTime: this.modificationTime,
        version: this.version,
        ...(this.owner ? { owner: this.owner } : {}),
      },
      spec: structuredClone(this.spec) as BuiltSpec<Spec>,
      ...(this.status ? { status: this.status } : {}),
    };
  }

  /** The same as something to write. */
  draft(): ResourceDraft {
    const { kind, meta, spec, status } = this.build();
    const { mesh, name, labels, owner } = meta;
    return { kind, mesh, name, labels, spec, ...(status ? { status } : {}), ...(owner ? { owner } : {}) };
  }
}

/** A resource of any kind. `mesh` is empty for kinds of global scope. */
export function resource(kind: string, name: string, mesh = 'default'): ResourceBuilder {
  return new ResourceBuilder<JsonObject>({ kind, mesh, name }, {});
}

function ownerIn(mesh: string): ResourceKey | undefined {
  return mesh === '' ? undefined : { kind: 'Mesh', mesh: '', name: mesh };
}
