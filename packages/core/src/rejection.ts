/**
 * One thing that dproxy refused: a label, a YAML entry, a certificate file. The rest of its source is not harmed, and
 * the last good version of the refused thing stays in force where there was one.
 */
export interface Rejection {
  /** File path, or `docker:<container name>`. */
  readonly source: string;
  /** 1-based; 0 where the source has no lines (a label). */
  readonly line: number;
  /** 1-based; 0 where the source has no columns. */
  readonly column: number;
  /** What was found, and why it is refused. */
  readonly message: string;
  /** What would have been accepted; names the key that was probably meant. */
  readonly expected: string;
}
