import { app } from './app.mjs';
import { kind } from './kind.mjs';
import { policy } from './policy.mjs';

/** What can be scaffolded: `files(spellings)` gives paths and texts, `next(name)` what to do afterwards. */
export const templates = { policy, kind, app };
