import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which connection of the leader gives signs of life, and how long candidates wait for the next one. */
export class WatchedLeaders1764300000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      "ALTER TABLE leaders ADD COLUMN guard_pid integer, ADD COLUMN patience_ms double precision NOT NULL DEFAULT 0, ADD COLUMN patience_at timestamptz NOT NULL DEFAULT '-infinity'",
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE leaders DROP COLUMN guard_pid, DROP COLUMN patience_ms, DROP COLUMN patience_at');
  }
}
