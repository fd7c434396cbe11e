import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The fence of the lease that the standing connection of the leader guards by a lock, so that its end is seen at once. */
export class GuardedLeases1764200000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE leaders ADD COLUMN guard bigint');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE leaders DROP COLUMN guard');
  }
}
