import { createHash } from 'node:crypto';
import type { PageOverride, WakeGroup, WakeProgress, WakeStep } from '@dproxy/core';
import type { Page } from '../index.ts';
import { escape, fillTemplate } from '../template.ts';
import { SCRIPT_SOURCES, refreshMarkup, refreshSeconds, scriptMarkup } from './page-script.ts';
import { isOver, pageState, type PageState, plainName } from './page-state.ts';
import { compileThemes, type Theme } from './themes.ts';

export interface WaitingPageRequest {
  readonly group: Pick<WakeGroup, 'name' | 'theme'>;
  /** Undefined: nothing is known yet. */
  readonly progress: WakeProgress | undefined;
  /** The host that was asked for. */
  readonly host: string;
  readonly method: string;
}

/** The pages that browsers get while a site starts, of one Snapshot. */
export interface WaitingPages {
  /** 202 while it starts; 503 when it does not. */
  render(request: WaitingPageRequest): Page;
}

const POLICY = `default-src 'none'; ${SCRIPT_SOURCES}; base-uri 'none'; form-action 'none'`;
/** As for other replaced pages: what brings its own style and pictures along, and loads nothing. */
const OWN_STYLE = "style-src 'unsafe-inline'; img-src data:; font-src data:";

/** Never kept, and never taken for the site: not by caches, not by search engines. */
const HEADERS =
  'content-type: text/html; charset=utf-8\r\ncache-control: no-store\r\nx-robots-tag: noindex\r\n' +
  'x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n';

const EMPTY = Buffer.alloc(0);

export function compileWaitingPages(overrides: ReadonlyMap<string, PageOverride>): WaitingPages {
  const themes = compileThemes(overrides);
  const policies = new Map([...themes.values()].map((theme) => [theme, policyOf(theme)]));
  const fallback = themes.get('') as Theme;
  return {
    render: (request) => {
      const theme = themes.get(request.group.theme) ?? fallback;
      return render(request, theme, policies.get(theme) ?? '');
    },
  };
}

/** A style sheet of ours is allowed by what it is, so that a mistake in escaping could not bring in another one. */
function policyOf({ template, isBuiltIn }: Theme): string {
  if (!isBuiltIn) return `${POLICY}; ${OWN_STYLE}`;
  const style = /<style>(.*?)<\/style>/s.exec(template.texts.join(''))?.[1];
  if (style === undefined) return POLICY;
  return `${POLICY}; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`;
}

function render({ group, progress, host, method }: WaitingPageRequest, { template }: Theme, policy: string): Page {
  const state = pageState(group.name, progress);
  const text = fillTemplate(template, {
    name: plainName(group.name),
    host,
    state: state.state,
    heading: state.heading,
    message: state.message,
    steps: { html: state.steps.map(stepMarkup).join('') },
    log: state.log.join('\n'),
    retryAfter: String(refreshSeconds(state)),
    script: { html: scriptMarkup(state) },
    refresh: { html: refreshMarkup(state) },
  });
  const body = Buffer.from(text);
  const own = `content-length: ${body.byteLength}\r\ncontent-security-policy: ${policy}\r\n${retryLine(state)}`;
  return { status: isOver(state) ? 503 : 202, headers: HEADERS + own, body: method === 'HEAD' ? EMPTY : body };
}

/** As the script makes them. */
function stepMarkup({ name, state }: WakeStep): string {
  return `<li data-state="${state}"><b>${escape(name, 'html')}</b> <span>${state}</span> </li>`;
}

function retryLine(state: PageState): string {
  const seconds = isOver(state) ? state.retryAfter : refreshSeconds(state);
  return seconds > 0 ? `retry-after: ${seconds}\r\n` : '';
}
