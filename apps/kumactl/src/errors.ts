/** A mistake the user can mend: shown as `Error: <message>`, exit code 1. */
export class UserError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UserError';
  }
}
