import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who asked for what, and what became of it. */
export class Audit1764400000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE audit (
        id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
        time timestamptz(3) NOT NULL,
        lane text NOT NULL CHECK (lane IN ('done', 'refused', 'strangers')),
        who text NOT NULL,
        kind text,
        mesh text,
        name text,
        revision bigint,
        status smallint NOT NULL,
        outcome text NOT NULL,
        request jsonb NOT NULL
      )`);
    await queryRunner.query('CREATE INDEX audit_lane ON audit (lane, id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE audit');
  }
}
