import type { JsonObject } from '@mesh/core';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One resource of any kind. */
@Entity({ name: 'resources' })
export class ResourceEntity {
  @PrimaryColumn({ type: 'text' }) kind!: string;
  @PrimaryColumn({ type: 'text' }) mesh!: string;
  @PrimaryColumn({ type: 'text' }) name!: string;
  @Column({ type: 'jsonb' }) labels!: Record<string, string>;
  @Column({ type: 'jsonb' }) spec!: JsonObject;
  @Column({ type: 'jsonb', nullable: true }) status!: JsonObject | null;
  @Column({ type: 'bigint' }) version!: string;
  @Column({ name: 'creation_time', type: 'timestamptz' }) creation_time!: Date;
  @Column({ name: 'modification_time', type: 'timestamptz' }) modification_time!: Date;
  @Column({ name: 'owner_kind', type: 'text', nullable: true }) owner_kind!: string | null;
  @Column({ name: 'owner_mesh', type: 'text', nullable: true }) owner_mesh!: string | null;
  @Column({ name: 'owner_name', type: 'text', nullable: true }) owner_name!: string | null;
}

/** One line of the change log. Lines of one transaction share `transaction`, the revision of its first line. */
@Entity({ name: 'change_log' })
export class ChangeLogEntity {
  @PrimaryColumn({ type: 'bigint' }) revision!: string;
  @Column({ type: 'bigint' }) transaction!: string;
  @Column({ type: 'timestamptz' }) time!: Date;
  @Column({ type: 'text' }) author!: string;
  @Column({ type: 'text' }) kind!: string;
  @Column({ type: 'text' }) mesh!: string;
  @Column({ type: 'text' }) name!: string;
  @Column({ type: 'text' }) op!: 'put' | 'delete';
  @Column({ type: 'jsonb', nullable: true }) resource!: JsonObject | null;
  @Column({ type: 'jsonb', nullable: true }) before!: JsonObject | null;
  /** Of the database transaction that wrote the line; null in lines of before there were any. */
  @Column({ name: 'write_id', type: 'uuid', nullable: true }) write_id!: string | null;
}

/** One request that was asked of the API, and what became of it. */
@Entity({ name: 'audit' })
export class AuditEntity {
  @PrimaryColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'timestamptz' }) time!: Date;
  @Column({ type: 'text' }) lane!: string;
  @Column({ type: 'text' }) who!: string;
  @Column({ type: 'text', nullable: true }) kind!: string | null;
  @Column({ type: 'text', nullable: true }) mesh!: string | null;
  @Column({ type: 'text', nullable: true }) name!: string | null;
  /** Of the last change of an accepted write. */
  @Column({ type: 'bigint', nullable: true }) revision!: string | null;
  @Column({ type: 'smallint' }) status!: number;
  @Column({ type: 'text' }) outcome!: string;
  /** Who exactly asked, and how. */
  @Column({ type: 'jsonb' }) request!: JsonObject;
}

/** The one row that says who the store is and where its counters stand. Writers take its lock. */
@Entity({ name: 'store_meta' })
export class StoreMetaEntity {
  @PrimaryColumn({ type: 'smallint' }) id!: number;
  @Column({ name: 'store_id', type: 'uuid' }) store_id!: string;
  @Column({ type: 'bigint' }) revision!: string;
  @Column({ name: 'schema_version', type: 'integer' }) schema_version!: number;
}

/** Newest fence of every election, and until when whom it is given to. */
@Entity({ name: 'leaders' })
export class LeaderEntity {
  @PrimaryColumn({ type: 'text' }) name!: string;
  @Column({ type: 'bigint' }) fence!: string;
  @Column({ type: 'text', nullable: true }) holder!: string | null;
  @Column({ name: 'expires_at', type: 'timestamptz' }) expires_at!: Date;
  @Column({ type: 'bigint', nullable: true }) guard!: string | null;
  /** Process of the server that serves the connection which guards the lease. */
  @Column({ name: 'guard_pid', type: 'integer', nullable: true }) guard_pid!: number | null;
  /** What a takeover from a silent leader left of the next one's patience, and when. */
  @Column({ name: 'patience_ms', type: 'double precision' }) patience_ms!: number;
  @Column({ name: 'patience_at', type: 'timestamptz' }) patience_at!: Date;
}
