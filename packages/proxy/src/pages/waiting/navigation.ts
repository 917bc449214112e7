import { fieldValues, type RequestHead } from '../../http1/index.ts';
import { negotiate } from '../accept.ts';

/** Where a browser shows what it gets as a document (Fetch standard, request destinations). */
const DOCUMENTS: readonly string[] = ['document', 'iframe', 'frame'];

/** Scripts that fetch a part of a page say so; a page of ours in that place would be lost, or break theirs. */
const SCRIPT_FIELDS: readonly string[] = ['x-requested-with', 'hx-request', 'turbo-frame', 'x-pjax', 'x-inertia'];

/** Of the waiting page's own URL, appended to its query. */
export const WAKE_PARAMETER = 'dproxy-wake';

const HAS_WAKE_PARAMETER = /[?&]dproxy-wake(?:[=&]|$)/;
const EVENT_STREAM = /(?:^|[\s,])text\/event-stream(?:[\s,;]|$)/i;

/**
 * A browser is about to show the answer as a document: it is better served with a page that tells how far the start is than with
 * minutes of nothing. Everybody else (curl, fetch, forms, sockets) wants the answer of the site, and waits for it.
 */
export function isNavigation(head: RequestHead): boolean {
  const { method, framing, upgrade, accept, passed } = head;
  if ((method !== 'GET' && method !== 'HEAD') || framing !== 'none' || upgrade !== '') return false;
  if (negotiate(accept) !== 'html') return false;
  if (SCRIPT_FIELDS.some((name) => fieldValues(passed, name).length > 0)) return false;
  // Sent by browsers only, and over plain HTTP only to loopback: absent says nothing.
  const [mode = 'navigate'] = fieldValues(passed, 'sec-fetch-mode');
  const [destination = 'document'] = fieldValues(passed, 'sec-fetch-dest');
  return mode === 'navigate' && DOCUMENTS.includes(destination);
}

/** The waiting page asks for its news, on the URL that it waits for: the same route and the same filters guard both. */
export function isWakeStream({ method, accept, target, upgrade }: RequestHead): boolean {
  if (method !== 'GET' || upgrade !== '' || !EVENT_STREAM.test(accept)) return false;
  const query = target.indexOf('?');
  return query !== -1 && HAS_WAKE_PARAMETER.test(target.slice(query));
}
