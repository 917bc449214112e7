/**
 * - `away`: the engine cannot be reached
 * - `slow`: it did not answer in time; what was asked for may still happen
 * - `forbidden`: a proxy in front of it does not let us
 * - `failed`: it could not do it
 */
export type WakeTroubleKind = 'away' | 'slow' | 'forbidden' | 'failed';

/** Its message is for those who wait: without paths, addresses or names of the inside. `cause` has the engine's own words. */
export class WakeTrouble extends Error {
  override readonly name = 'WakeTrouble';
  readonly kind: WakeTroubleKind;

  constructor(kind: WakeTroubleKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** What an error of a call to an engine means. */
export function wakeTrouble(cause: unknown): WakeTrouble {
  if (cause instanceof WakeTrouble) return cause;
  const { statusCode, name, message } = (cause ?? {}) as Readonly<Record<string, unknown>>;
  if (name === 'TimeoutError') return new WakeTrouble('slow', 'the engine did not answer in time', { cause });
  if (statusCode === 401 || statusCode === 403)
    return new WakeTrouble('forbidden', 'dproxy may not do that on this engine', { cause });
  if (typeof statusCode !== 'number') return new WakeTrouble('away', 'the engine cannot be reached', { cause });
  return new WakeTrouble('failed', sentenceOf(statusCode, String(message)), { cause });
}

const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/port is already allocated|address already in use/i, 'its port is already taken'],
  [/no such image/i, 'its image is gone'],
  [/network \S+ not found|no such network/i, 'its network is gone'],
  [/non.?running container|cannot join network/i, 'the container whose network it uses does not run'],
  [/mount|volume|bind source path/i, 'a folder that it needs is not there'],
  [/executable file|no such file or directory|exec format error|permission denied/i, 'its program cannot be started'],
  [/no space left/i, 'the disk of the engine is full'],
  [/marked for removal|is being removed/i, 'it is being removed'],
  [/could not find an available|no available .*address|address pool/i, 'there is no address left for its network'],
];

function sentenceOf(statusCode: number, message: string): string {
  const known = SENTENCES.find(([pattern]) => pattern.test(message.slice(0, 2_000)));
  if (known !== undefined) return known[1];
  return statusCode === 404 ? 'it is gone' : 'the engine could not start it';
}
