import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Resources, change log, counters and leaders. */
export class InitialSchema1764000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE resources (
        kind text NOT NULL,
        mesh text NOT NULL,
        name text NOT NULL,
        labels jsonb NOT NULL,
        spec jsonb NOT NULL,
        status jsonb,
        version bigint NOT NULL,
        creation_time timestamptz(3) NOT NULL,
        modification_time timestamptz(3) NOT NULL,
        owner_kind text,
        owner_mesh text,
        owner_name text,
        PRIMARY KEY (kind, mesh, name)
      )`);
    await queryRunner.query('CREATE INDEX resources_owner ON resources (owner_kind, owner_mesh, owner_name) WHERE owner_kind IS NOT NULL');
    await queryRunner.query(`
      CREATE TABLE change_log (
        revision bigint PRIMARY KEY,
        transaction bigint NOT NULL,
        time timestamptz(3) NOT NULL,
        author text NOT NULL,
        kind text NOT NULL,
        mesh text NOT NULL,
        name text NOT NULL,
        op text NOT NULL CHECK (op IN ('put', 'delete')),
        resource jsonb,
        before jsonb
      )`);
    await queryRunner.query(`
      CREATE TABLE store_meta (
        id smallint PRIMARY KEY CHECK (id = 1),
        store_id uuid NOT NULL,
        revision bigint NOT NULL,
        fence bigint NOT NULL,
        schema_version integer NOT NULL
      )`);
    await queryRunner.query('INSERT INTO store_meta VALUES (1, gen_random_uuid(), 0, 0, 0)');
    await queryRunner.query('CREATE TABLE leaders (name text PRIMARY KEY, fence bigint NOT NULL)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE leaders, store_meta, change_log, resources');
  }
}
