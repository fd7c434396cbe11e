import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lines say which write they are of; leaders hold a lease instead of a lock of their session. */
export class WriteIdsAndLeases1764100000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE change_log ADD COLUMN write_id uuid');
    await queryRunner.query("ALTER TABLE leaders ADD COLUMN holder text, ADD COLUMN expires_at timestamptz NOT NULL DEFAULT '-infinity'");
    await queryRunner.query('CREATE SEQUENCE leader_fence');
    await queryRunner.query("SELECT setval('leader_fence', fence + 1) FROM store_meta WHERE id = 1");
    await queryRunner.query('ALTER TABLE store_meta DROP COLUMN fence');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE store_meta ADD COLUMN fence bigint NOT NULL DEFAULT 0');
    await queryRunner.query('UPDATE store_meta SET fence = (SELECT last_value FROM leader_fence)');
    await queryRunner.query('DROP SEQUENCE leader_fence');
    await queryRunner.query('ALTER TABLE leaders DROP COLUMN holder, DROP COLUMN expires_at');
    await queryRunner.query('ALTER TABLE change_log DROP COLUMN write_id');
  }
}
