import { createHash } from 'node:crypto';
import type { PageType } from './accept.ts';
import { compileTemplate, PAGE_FIELDS, type Template } from './template.ts';

const STYLE = `
:root{color-scheme:light dark;--back:#f6f7f9;--card:#fff;--text:#1b2430;--soft:#566273;--line:#dfe4ea;--mark:#b3261e}
.notice{--mark:#8a5a00}
@media (prefers-color-scheme:dark){
:root{--back:#12161c;--card:#1b2129;--text:#e8ecf1;--soft:#a3afbd;--line:#303944;--mark:#ff9c93}.notice{--mark:#f5c063}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--back);color:var(--text);
font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:34rem;padding:2.25rem;background:var(--card);border:1px solid var(--line);border-radius:1rem}
.status{margin:0;color:var(--mark);font-size:.95rem;font-weight:600;letter-spacing:.04em}
h1{margin:.35rem 0 .75rem;font-size:1.6rem;line-height:1.25;overflow-wrap:anywhere}
p{margin:0 0 1rem}
a{color:inherit;font-weight:600;text-underline-offset:.2em}
footer{margin-top:1.75rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
`;

/**
 * Nothing but the one style sheet above may act in the page, so that even a mistake in escaping could not run a script in
 * the origin of the site. No `frame-ancestors`: a site that lives in a frame must be able to show its error there.
 */
export const BUILT_IN_CSP = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

interface HtmlParts {
  readonly title: string;
  readonly mood: 'fault' | 'notice';
  readonly heading: string;
  readonly advice: string;
}

function html(parts: HtmlParts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${parts.title}</title>
<style>${STYLE}</style>
</head>
<body class="${parts.mood}">
<main>
<p class="status">{{status}} {{title}}</p>
<h1>${parts.heading}</h1>
${parts.advice}
<footer>Request <code>{{requestId}}</code></footer>
</main>
</body>
</html>
`;
}

const FAULT_HTML = html({
  title: '{{status}} {{title}}',
  mood: 'fault',
  heading: '{{message}}',
  advice: '<p>If you did not expect this, tell the people who run the site, with the number below.</p>',
});

const OFFLINE_HTML = html({
  title: 'Back soon',
  mood: 'notice',
  heading: '{{message}}',
  advice: `<p>Nothing is wrong with your connection. It may help to try again in a moment.</p>
<p><a href="">Try again</a></p>`,
});

const ASLEEP_HTML = html({
  title: 'Asleep',
  mood: 'notice',
  heading: '{{message}}',
  advice: '<p>Nothing is wrong with your connection. The people who run the site start it when it is needed.</p>',
});

const JSON_PAGE = `{"status":{{status}},"error":"{{title}}","message":"{{message}}","requestId":"{{requestId}}"}\n`;
const TEXT_PAGE = `{{status}} {{title}}\n{{message}}\nRequest {{requestId}}\n`;

const FAULT: Readonly<Record<PageType, Template>> = {
  html: compileTemplate(FAULT_HTML, 'html', PAGE_FIELDS),
  json: compileTemplate(JSON_PAGE, 'json', PAGE_FIELDS),
  txt: compileTemplate(TEXT_PAGE, 'txt', PAGE_FIELDS),
};

const NOTICES: ReadonlyMap<number, Template> = new Map([
  [406, compileTemplate(ASLEEP_HTML, 'html', PAGE_FIELDS)],
  [503, compileTemplate(OFFLINE_HTML, 'html', PAGE_FIELDS)],
]);

/** The page for one status when nothing replaces it: a site that is offline or asleep is a notice, everything else a fault. */
export function builtInTemplate(status: number, type: PageType): Template {
  return (type === 'html' ? NOTICES.get(status) : undefined) ?? FAULT[type];
}
