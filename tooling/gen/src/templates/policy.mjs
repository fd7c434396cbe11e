export const policy = { files: () => ({}), next: () => '' };
