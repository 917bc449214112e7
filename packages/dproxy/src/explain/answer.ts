import { ERRORS, type ExplainedAnswer } from '@dproxy/core';
import type { Rehearsed } from '@dproxy/proxy';

/** What happens, in one sentence. */
export function describeAnswer(rehearsed: Rehearsed): ExplainedAnswer {
  const { answer: type, status, code, location, ready, route } = rehearsed;
  const told = { type, status, code, location };
  switch (type) {
    case 'backend':
      return { ...told, ok: true, detail: `${route?.id ?? ''} answers: forwarded to ${countOf(ready.size)}` };
    case 'plugins':
      return {
        ...told,
        ok: true,
        detail: `${route?.id ?? ''} answers: through ${route?.plugins.map(({ module }) => module).join(', ') ?? ''}`,
      };
    case 'respond':
      return { ...told, ok: true, detail: `${route?.id ?? ''} answers ${status} by itself` };
    case 'redirect':
      return { ...told, ok: true, detail: `${route?.id ?? ''} redirects (${status}) to ${location}` };
    case 'https-redirect':
      return { ...told, ok: true, detail: `sent to HTTPS (${status}): ${location}` };
    case 'filter':
      return { ...told, ok: status < 400, detail: `a filter of ${route?.id ?? ''} answers ${status}${to(location)}` };
    case 'challenge':
      return { ...told, ok: true, detail: 'dproxy answers the question of a certificate authority' };
    case 'error':
      return { ...told, ok: false, detail: describeError(rehearsed) };
    case 'stream':
      return {
        ...told,
        ok: true,
        detail: `the stream ${rehearsed.detail} takes this name; no site sees the connection`,
      };
    case 'tls-refused':
      return { ...told, ok: false, detail: rehearsed.detail };
    default:
      return type satisfies never;
  }
}

function describeError({ code, detail, status }: Rehearsed): string {
  const message = code === '' ? '' : ERRORS[code].message;
  return `answered with ${status}: ${message}${detail === '' ? '' : ` (${detail})`}`;
}

function to(location: string): string {
  return location === '' ? '' : `: ${location}`;
}

function countOf(backends: number): string {
  return backends === 1 ? 'its backend' : `one of ${backends} backends, in turn`;
}
