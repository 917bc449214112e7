import { codeOf } from './disk.ts';

/** The disk refused; says what and what to do. What was stored before is intact. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  /** Of the system call: `ENOSPC`. */
  readonly code: string;

  constructor(what: string, cause: unknown) {
    const code = codeOf(cause);
    const path = (cause as NodeJS.ErrnoException | undefined)?.path ?? '';
    const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
    super(
      `${what}: ${reason}${path === '' ? '' : ` (${code}, ${path})`}${code === 'ENOENT' ? '' : '; what was stored before is intact'}`,
      { cause },
    );
    this.code = code;
  }
}

const REASONS: Readonly<Partial<Record<string, string>>> = {
  ENOSPC: 'no space is left on the disk: free some',
  EDQUOT: 'the quota of this user is used up: raise it or free some space',
  EROFS: 'the disk is mounted read-only: mount it for writing',
  EACCES: 'this user may not write there: give it the folder (chown), mode 700',
  EPERM: 'this user may not write there: give it the folder (chown), mode 700',
  ENOENT: 'the folder was taken away: put it back, or start dproxy again to begin with an empty one',
  EIO: 'the disk reports an input/output error: check the disk',
};
