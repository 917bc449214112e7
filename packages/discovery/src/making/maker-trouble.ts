import { MakerError, type MakerProblem } from '@dproxy/core';
import { PullFailure } from './pull-reader.ts';

const LOG = 'the log of dproxy says why';
const UNREACHABLE: ReadonlySet<unknown> = new Set([
  'ENOENT',
  'EACCES',
  'EPERM',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ETIMEDOUT',
]);

/**
 * What the caller may know of an engine's error. Its own words stay in `cause`: they name paths, addresses, registries and name
 * servers of its network.
 * @param doing `create a container`
 */
export function makerTrouble(cause: unknown, doing: string): MakerError {
  if (cause instanceof MakerError) return cause;
  const [problem, message] = explain(cause, doing);
  return new MakerError(problem, message, { cause });
}

function explain(cause: unknown, doing: string): readonly [MakerProblem, string] {
  if (cause instanceof PullFailure) return ['engine', pullTrouble(cause.message)];
  const { statusCode, code, name } = (cause ?? {}) as Readonly<Record<string, unknown>>;
  if (name === 'TimeoutError') return ['unreachable', `the engine did not ${doing} in time`];
  if (UNREACHABLE.has(code)) return ['unreachable', 'the engine cannot be reached'];
  if (statusCode === 401 || statusCode === 403) {
    return [
      'engine',
      `a proxy in front of the engine does not let dproxy ${doing}; docs/engine-access.md lists the calls`,
    ];
  }
  return ['engine', `the engine could not ${doing}; ${LOG}`];
}

function pullTrouble(said: string): string {
  if (/not found|manifest unknown|does not exist|denied|unauthorized|authentication required/i.test(said)) {
    return 'the registry has no such image or tag, or asks for a login; then pull it on the engine first';
  }
  if (/no such host|dial tcp|timeout|i\/o|connection|network|lookup|tls|x509/i.test(said)) {
    return 'the engine cannot reach the registry of this image';
  }
  return `the engine could not pull the image; ${LOG}`;
}
