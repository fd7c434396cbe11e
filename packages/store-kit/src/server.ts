/** The Postgres of a project of vitest: its setup starts it, its tests make a database each. */
export interface TestPostgres {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Database with the schema in place, from which others are made. */
export const TEMPLATE = 'template';

declare module 'vitest' {
  interface ProvidedContext {
    /** Absent: the tests of the project keep their state in memory. */
    testPostgres: TestPostgres | undefined;
  }
}
