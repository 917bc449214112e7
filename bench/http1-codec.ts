/**
 * Nanoseconds per head of the HTTP/1.1 codec: `node bench/http1-codec.ts`. Ends after about three seconds. Compare runs
 * on one machine, not machines.
 */
import { DEFAULT_LIMITS } from '../packages/core/src/index.ts';
import {
  createBodyDecoder,
  HeadProgress,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
  writeRequestHead,
  writeResponseHead,
} from '../packages/proxy/src/http1/index.ts';

const CASE_MS = 300;
const limits = DEFAULT_LIMITS;
const progress = new HeadProgress();

const smallGet = lines('GET /hello HTTP/1.1', 'Host: app.localhost:8080', 'User-Agent: wrk/4.2', 'Accept: */*');
const browserGet = lines(
  'GET /assets/app.3f9c.js?v=12 HTTP/1.1',
  'Host: shop.example.com',
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Dest: document',
  'Referer: https://shop.example.com/catalogue/page/3?sort=price',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
  'Cookie: session=3b1f0a5c8e7d4f6a9b2c; theme=dark; _ga=GA1.1.1234567890.1700000000',
);
const smallResponse = lines(
  'HTTP/1.1 200 OK',
  'Content-Type: text/plain; charset=utf-8',
  'Date: Sat, 21 Nov 2026 10:00:00 GMT',
  'Connection: keep-alive',
  'Keep-Alive: timeout=5',
  'Content-Length: 100',
);
const context = { method: 'GET', offeredUpgrade: '', limits };
const chunked = Buffer.from(`${`1000\r\n${'x'.repeat(4096)}\r\n`.repeat(15)}0\r\n\r\n`, 'latin1');
const additions = {
  forwardedBlock: 'X-Real-IP: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n',
  debugBlock: '',
  rules: undefined,
};
const answer = { clientMinorVersion: 1, keepAlive: true, debugBlock: '', rules: undefined } as const;
const requestHead = parseRequestHead(browserGet, 0, browserGet.length, limits, progress) as RequestHead;
const responseHead = parseResponseHead(smallResponse, 0, smallResponse.length, context, progress) as ResponseHead;
const sink = { onBody() {} };

report('parse a small GET', () => parseRequestHead(smallGet, 0, smallGet.length, limits, progress));
report('parse a browser GET (16 headers)', () => parseRequestHead(browserGet, 0, browserGet.length, limits, progress));
report('parse a small response', () => parseResponseHead(smallResponse, 0, smallResponse.length, context, progress));
report('write a request head', () => flat(writeRequestHead(requestHead, additions)));
report('write a response head', () => flat(writeResponseHead(responseHead, answer)));
for (const output of ['wire', 'body'] as const) {
  const options = { framing: 'chunked', contentLength: 0, output, from: 'upstream', limits } as const;
  report(`relay 15 chunks of 4 KiB (${output})`, () =>
    createBodyDecoder(options).push(chunked, 0, chunked.length, sink),
  );
}

function lines(...text: string[]): Buffer {
  return Buffer.from(`${text.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Forces the pieces of a concatenation into one string, as writing it does. */
function flat(text: string): number {
  return text.charCodeAt(text.length >> 1);
}

function report(name: string, run: () => unknown): void {
  measure(run);
  console.log(`${name.padEnd(36)} ${measure(run).toFixed(0).padStart(6)} ns`);
}

function measure(run: () => unknown): number {
  const start = process.hrtime.bigint();
  const deadline = start + BigInt(CASE_MS / 2) * 1_000_000n;
  let count = 0;
  let now = start;
  while (now < deadline) {
    for (let index = 0; index < 1000; index++) run();
    count += 1000;
    now = process.hrtime.bigint();
  }
  return Number(now - start) / count;
}
