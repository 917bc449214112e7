import type { RouteAction } from '@dproxy/core';
import { headerLine, isCodecOwned } from '../http1/index.ts';
import type { Page } from './render-page.ts';
import { renderRedirect } from './render-redirect.ts';

/** The answer of a route that does not forward, made once per Snapshot; undefined for one that does. @throws RangeError */
export function fixedAnswer(action: RouteAction): Page | undefined {
  switch (action.type) {
    case 'forward':
      return undefined;
    case 'redirect':
      return renderRedirect({ ...action, method: 'GET' });
    case 'respond':
      return respond(action);
    default:
      return action satisfies never;
  }
}

function respond({ status, body, headers }: Extract<RouteAction, { type: 'respond' }>): Page {
  // RFC 9110 sections 15.3.5 and 15.4.5: these have no body and no length.
  const isBodiless = status === 204 || status === 304;
  const bytes = Buffer.from(isBodiless ? '' : body);
  let lines = isBodiless ? '' : `content-length: ${bytes.length}\r\n`;
  let hasType = isBodiless;
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (isCodecOwned(lower)) continue;
    hasType ||= lower === 'content-type';
    lines += headerLine(name, value);
  }
  if (!hasType) lines += 'content-type: text/plain; charset=utf-8\r\n';
  return { status, headers: lines, body: bytes };
}
