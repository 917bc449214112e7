import type { PageState } from './page-state.ts';

/**
 * - `progress`: it starts; more follows
 * - `awake`: it answers now, and the page reloads
 * - `failed`: it does not start, or is not started; the state says which
 */
export type WakeEvent = 'progress' | 'awake' | 'failed';

/** A comment (HTML standard, server-sent events): shows everybody on the way that there is still somebody. */
export const HEARTBEAT = Buffer.from(':\n\n');

/** Of the answer that carries events. Boxes that collect answers would keep them all until the end. */
export const EVENT_HEADERS =
  'content-type: text/event-stream; charset=utf-8\r\ncache-control: no-store, no-transform\r\nx-accel-buffering: no\r\n' +
  'x-content-type-options: nosniff\r\nx-robots-tag: noindex\r\n';

/** JSON has no line ends of its own, and those are all that such a stream is parsed by. */
export function eventText(event: WakeEvent, state: PageState): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${JSON.stringify(state)}\n\n`);
}
