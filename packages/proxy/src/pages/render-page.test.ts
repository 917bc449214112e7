import { ERRORS, type PageOverride } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { compilePages, isPageName, renderPage, type PageRequest } from './render-page.ts';
import { renderRedirect } from './render-redirect.ts';

const request: PageRequest = {
  status: 502,
  message: 'The site cannot be reached.',
  accept: '*/*',
  requestId: 'r-1',
  host: 'app.example.com',
  method: 'GET',
};

function overrides(files: Record<string, string>): ReadonlyMap<string, PageOverride> {
  return new Map(Object.entries(files).map(([id, content]) => [id, { id, content }]));
}

function headerOf(headers: string, name: string): string | undefined {
  return headers
    .split('\r\n')
    .find((line) => line.startsWith(`${name}: `))
    ?.slice(name.length + 2);
}

describe('pages', () => {
  it('has a page in every form for every error that reaches a client', () => {
    const pages = compilePages(new Map());
    for (const { status, message } of Object.values(ERRORS)) {
      if (status === 0 || status === 499) continue;
      for (const accept of ['text/html', 'application/json', 'text/plain']) {
        const page = pages.render({ ...request, status, message, accept });
        expect(page.status).toBe(status);
        expect(page.body.toString()).toContain(message);
        expect(page.body.toString()).toContain(String(status));
        expect(headerOf(page.headers, 'content-type')).toBe(`${accept}; charset=utf-8`);
        expect(headerOf(page.headers, 'content-length')).toBe(String(page.body.byteLength));
      }
    }
  });

  it('gives JSON that parses, whatever the values hold', () => {
    const message = 'a "quoted"\n\\line\u2028';
    const page = compilePages(new Map()).render({ ...request, accept: 'application/json', message });
    expect(JSON.parse(page.body.toString())).toEqual({ status: 502, error: 'Bad Gateway', message, requestId: 'r-1' });
  });

  it('is never cached, never sniffed, and its HTML loads and runs nothing', () => {
    const page = compilePages(new Map()).render({ ...request, accept: 'text/html' });
    expect(headerOf(page.headers, 'cache-control')).toBe('no-store');
    expect(headerOf(page.headers, 'x-content-type-options')).toBe('nosniff');
    expect(headerOf(page.headers, 'content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(page.body.toString()).not.toMatch(/<script|https?:\/\/|<link|<img/);
  });

  it('ends every header line with CRLF and has no empty one', () => {
    const { headers } = compilePages(new Map()).render({ ...request, status: 503, accept: 'text/html' });
    const lines = headers.split('\r\n');
    expect(lines.pop()).toBe('');
    for (const line of lines) expect(line).toMatch(/^[a-z-]+: [\u0020-\u007e]+$/);
  });

  it('tells an offline site apart from a fault, and says when to come back', () => {
    const pages = compilePages(new Map());
    const page = pages.render({ ...request, status: 503, accept: 'text/html' });
    expect(page.body.toString()).toContain('Try again');
    expect(headerOf(page.headers, 'retry-after')).toBe('5');
    expect(headerOf(pages.render({ ...request, status: 503, retryAfterSeconds: 1.2 }).headers, 'retry-after')).toBe(
      '2',
    );
    expect(headerOf(pages.render(request).headers, 'retry-after')).toBeUndefined();
  });

  it('tells a site that sleeps apart from a fault: trying again does not help', () => {
    const page = compilePages(new Map()).render({ ...request, status: 406, accept: 'text/html' });
    expect(page.body.toString()).toContain('The people who run the site start it');
    expect(page.body.toString()).not.toMatch(/Try again|If you did not expect this/);
  });

  it('answers HEAD with the headers of GET and no body', () => {
    const pages = compilePages(new Map());
    const page = pages.render({ ...request, method: 'HEAD' });
    expect(page.headers).toBe(pages.render(request).headers);
    expect(page.body.byteLength).toBe(0);
  });

  it('says in a 405 what is allowed', () => {
    expect(headerOf(compilePages(new Map()).render({ ...request, status: 405 }).headers, 'allow')).toContain('GET');
  });
});

describe('replaced pages', () => {
  it('prefers the file of the status, then the default of the type, then the built-in page', () => {
    const pages = compilePages(overrides({ '503.html': 'three', 'default.html': 'any', '404.json': '{}' }));
    const body = (status: number, accept: string) => pages.render({ ...request, status, accept }).body.toString();
    expect(body(503, 'text/html')).toBe('three');
    expect(body(502, 'text/html')).toBe('any');
    expect(body(404, 'application/json')).toBe('{}');
    expect(body(503, '*/*')).toContain('503 Service Unavailable');
  });

  it('fills placeholders, escaped for the type, once', () => {
    const host = `<i a="'">{{requestId}}`;
    const template = '{{ status }}|{{title}}|{{message}}|{{host}}|{{requestId}}|{{unknown}}|{{constructor}}';
    const files = overrides({ '502.html': template, '502.json': '{"host":"{{host}}"}', '502.txt': '{{host}}' });
    const text = (accept: string, value: string) =>
      renderPage({ ...request, accept, host: value, overrides: files }).body.toString();
    expect(text('text/html', host)).toBe(
      '502|Bad Gateway|The site cannot be reached.|&#60;i a=&#34;&#39;&#34;&#62;{{requestId}}|r-1|{{unknown}}|{{constructor}}',
    );
    expect(JSON.parse(text('application/json', host))).toEqual({ host });
    expect(text('text/plain', 'a\u001b[2J\u202eb')).toBe('a[2Jb');
  });

  it('lets a replacement style itself but not load or run anything', () => {
    const page = renderPage({ ...request, accept: 'text/html', overrides: overrides({ 'default.html': 'x' }) });
    expect(headerOf(page.headers, 'content-security-policy')).toContain(
      "default-src 'none'; style-src 'unsafe-inline'",
    );
  });

  it('knows which files of a folder are pages', () => {
    expect(['503.html', '404.json', 'default.txt'].every(isPageName)).toBe(true);
    expect(['200.html', '503.htm', '../503.html', '__proto__', 'default', '5xx.html'].some(isPageName)).toBe(false);
  });
});

describe('redirects', () => {
  it('names the new place in the header and in a short body', () => {
    const page = renderRedirect({ status: 308, location: 'https://new.example.com/a?b=c', method: 'GET' });
    expect(page.status).toBe(308);
    expect(headerOf(page.headers, 'location')).toBe('https://new.example.com/a?b=c');
    expect(headerOf(page.headers, 'content-length')).toBe(String(page.body.byteLength));
    expect(renderRedirect({ status: 301, location: '/', method: 'HEAD' }).body.byteLength).toBe(0);
  });

  it('cannot be made to add a header line', () => {
    const { headers } = renderRedirect({ status: 302, location: '/a\r\nset-cookie: x=ü', method: 'GET' });
    expect(headerOf(headers, 'location')).toBe('/a%0D%0Aset-cookie:%20x=%C3%BC');
    expect(headerOf(headers, 'set-cookie')).toBeUndefined();
  });
});
