import type { Entry } from '../client/peer.ts';
import type { CompiledSettings } from '../compiled-settings.ts';
import type { RequestHead } from '../http1/index.ts';
import type { Page } from '../pages/index.ts';
import { challengeAnswer } from './challenge-answer.ts';
import { checkTlsPolicy } from './tls-policy-check.ts';

/**
 * What comes before the choice of a route, in this order: the questions of certificate authorities, which no policy of a host
 * may stop, then whether this connection will do for the host.
 *
 * @returns the answer, where there is one already
 * @throws ProxyError `path-unknown`, `misdirected`
 */
export function answerBeforeRouting(compiled: CompiledSettings, head: RequestHead, entry: Entry): Page | undefined {
  return challengeAnswer(compiled, head) ?? checkTlsPolicy(compiled, head, entry);
}
