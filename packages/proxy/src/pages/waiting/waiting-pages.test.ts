import { createHash } from 'node:crypto';
import type { PageOverride, WakeProgress } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import type { Page } from '../index.ts';
import { compileWaitingPages, type WaitingPageRequest } from './waiting-pages.ts';

const WAKING: WakeProgress = {
  group: 'docker/project:shop',
  state: 'waking',
  message: 'Waiting for db.',
  retryAfterS: 3,
  steps: [
    { name: 'db', state: 'starting' },
    { name: 'web', state: 'waiting' },
  ],
  log: ['LOG: ready', '<script>alert("1")</script>\u001b[31m'],
};

const FAILED: WakeProgress = { ...WAKING, state: 'failed', message: 'web ended with code 1.', retryAfterS: 0 };

function render(change: Partial<WaitingPageRequest> = {}, files: Record<string, string> = {}): Page {
  const overrides = new Map<string, PageOverride>(Object.entries(files).map(([id, content]) => [id, { id, content }]));
  return compileWaitingPages(overrides).render({
    group: { name: 'shop', theme: '' },
    progress: WAKING,
    host: 'shop.test',
    method: 'GET',
    ...change,
  });
}

function text(page: Page): string {
  return page.body.toString();
}

function fieldOf({ headers }: Page, name: string): string | undefined {
  const line = headers.split('\r\n').find((one) => one.startsWith(`${name}: `));
  return line?.slice(name.length + 2);
}

describe.each(['', 'terminal', 'plain'])('the built-in theme %j', (theme) => {
  const group = { name: 'shop', theme };

  it('says what is started, how far it is, and what its log says', () => {
    const page = text(render({ group }));
    expect(page).toContain('<title');
    for (const part of ['Starting shop', 'Waiting for db.', '<b>db</b> <span>starting</span>', 'LOG: ready']) {
      expect(page).toContain(part);
    }
  });

  it('shows foreign text as text', () => {
    const steps = [{ name: '<img src=x onerror=alert(1)>', state: 'starting' as const }];
    const progress = { ...WAKING, message: '<b>"bold"</b>', steps };
    const page = text(render({ group: { theme, name: '</title><script>' }, progress, host: '"><script>' }));
    expect(page).not.toMatch(/<img|<b>"|<script>(?!\(\(\)=>\{)|alert\("1"\)/);
    expect(page).not.toContain('\u001b');
    expect(page).toContain('&#60;img src=x onerror=alert(1)&#62;');
  });

  it('is a 202 that nobody keeps or indexes, and small', () => {
    const page = render({ group });
    expect(page.status).toBe(202);
    expect(fieldOf(page, 'content-type')).toBe('text/html; charset=utf-8');
    expect(fieldOf(page, 'cache-control')).toBe('no-store');
    expect(fieldOf(page, 'x-robots-tag')).toBe('noindex');
    expect(fieldOf(page, 'retry-after')).toBe('3');
    expect(fieldOf(page, 'content-length')).toBe(String(page.body.byteLength));
    expect(page.body.byteLength).toBeLessThan(8_192);
    expect(text(page)).not.toMatch(/https?:\/\/|<link|<img|@import|url\(/);
  });

  it('lets its own script and style run by what they are, and nothing else', () => {
    const page = render({ group });
    const policy = fieldOf(page, 'content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    for (const [, source = ''] of text(page).matchAll(/<(?:script|style)[^>]*>(.*?)<\/(?:script|style)>/gs)) {
      expect(policy).toContain(createHash('sha256').update(source).digest('base64'));
    }
  });

  it('comes again by itself without scripts, until it has failed', () => {
    expect(text(render({ group }))).toContain('<meta http-equiv="refresh" content="3">');
    const page = render({ group, progress: FAILED });
    expect(page.status).toBe(503);
    expect(fieldOf(page, 'retry-after')).toBeUndefined();
    expect(text(page)).not.toContain('http-equiv="refresh"');
    for (const part of ['shop could not be started', 'web ended with code 1.', 'Try again']) {
      expect(text(page)).toContain(part);
    }
  });

  it('comes again after a refusal when that may help', () => {
    const page = render({ group, progress: { ...WAKING, state: 'refused', retryAfterS: 40 } });
    expect([page.status, fieldOf(page, 'retry-after')]).toEqual([503, '40']);
    expect(text(page)).toContain('<meta http-equiv="refresh" content="40">');
  });

  it('has no body for HEAD, and the same header', () => {
    const page = render({ group, method: 'HEAD' });
    expect([page.headers, page.body.length]).toEqual([render({ group }).headers, 0]);
  });
});

it('can say nothing of a group that nobody has spoken of yet', () => {
  const page = render({ progress: undefined });
  expect(page.status).toBe(202);
  expect(fieldOf(page, 'retry-after')).toBe('5');
  expect(text(page)).toContain('It was asleep and is being started.');
});

describe('themes of the pages folder', () => {
  const blue = '<p>{{name}} {{message}} {{state}} {{retryAfter}} {{unknown}} {{log}}</p>{{steps}}{{script}}';

  it('replace the page, each where it is asked for', () => {
    const files = { 'wake.html': `own {{refresh}}`, 'wake-blue.html': blue };
    expect(text(render({}, files))).toMatch(/^own <meta/);
    const page = render({ group: { name: '<shop>', theme: 'blue' } }, files);
    expect(text(page)).toMatch(/^<p>&#60;shop&#62; Waiting for db\. waking 3 \{\{unknown\}\} LOG: ready\n&#60;script/);
    expect(text(page)).toContain('</p><li data-state="starting"><b>db</b>');
    expect(fieldOf(page, 'content-security-policy')).toMatch(/script-src 'sha256-.*style-src 'unsafe-inline'/);
  });

  it('replace built-in ones, too', () => {
    expect(text(render({ group: { name: 'x', theme: 'plain' } }, { 'wake-plain.html': 'own {{script}}' }))).toMatch(
      /^own /,
    );
  });

  it.each([
    ['unknown', {}],
    ['__proto__', {}],
    ['blue', { 'wake-blue.html': 'stays for ever' }],
    ['blue', { 'wake-blue.html': '{{script}}<script src="//x.test"></script>' }],
  ])('that are unknown or broken leave the default one: %s', (theme, files) => {
    expect(text(render({ group: { name: 'x', theme } }, files))).toBe(
      text(render({ group: { name: 'x', theme: '' } })),
    );
  });
});
