import type { CompiledRoute } from '../compiled-route.ts';
import type { RequestHead } from '../http1/index.ts';
import { EVENT_HEADERS } from '../pages/waiting/event-text.ts';
import { isWakeStream } from '../pages/waiting/navigation.ts';
import type { ExchangeFacts } from './exchange-facts.ts';
import { ownAnswer, staysOpen } from './own-answer.ts';
import { WakeNews } from './wake-news.ts';

const EMPTY = Buffer.alloc(0);

/** A waiting page asks how far the start is: behind the filters of the route that it waits for. */
export function isNews({ route }: CompiledRoute, head: RequestHead): boolean {
  return route.wakeGroup !== '' && isWakeStream(head);
}

/**
 * Begins the answer.
 *
 * @param onEnd it is complete; may come before this returns
 * @throws ProxyError when there is nothing to tell; nothing was sent then
 */
export function openNews(
  facts: ExchangeFacts,
  route: CompiledRoute,
  onEnd: (bytes: number, keepAlive: boolean) => void,
): WakeNews {
  const { head, downstream, services } = facts;
  const keepAlive = staysOpen(downstream, head);
  const { headers } = ownAnswer({ status: 200, headers: EVENT_HEADERS, body: EMPTY }, facts);
  const place = { kind: 'route', id: route.id } as const;
  return new WakeNews({
    place,
    head,
    downstream,
    services,
    headers,
    keepAlive,
    onEnd: (bytes) => onEnd(bytes, keepAlive),
  });
}
