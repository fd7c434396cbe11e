/** What child processes inherit from the environment of this one: nothing but what finds programs and keeps Node quiet. */
export function inheritedEnv(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', NODE_NO_WARNINGS: '1' };
}
