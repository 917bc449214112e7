import { once } from 'node:events';
import { connect } from 'node:net';
import type { Answer } from './answers.ts';

export interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly answer: Answer;
}

/** Sends bytes as they are and reads until the server closes; a fetch would put headers in order first. */
export async function sendRaw(port: number, bytes: string, host = '127.0.0.1'): Promise<Reply> {
  const socket = connect({ port, host });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', (cause) => chunks.push(Buffer.from(chunks.length === 0 ? String(cause) : '')));
  socket.write(bytes);
  await once(socket, 'close');
  return parseReply(Buffer.concat(chunks).toString());
}

/** One request with these headers; `Host` is right unless given. */
export function send(
  port: number,
  line: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Promise<Reply> {
  const all = { Host: `127.0.0.1:${port}`, Connection: 'close', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
  return sendRaw(port, `${line} HTTP/1.1\r\n${lines.join('')}${length}\r\n${body}`);
}

function parseReply(text: string): Reply {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  const body = text.slice(end + 4);
  const isJson = headers.get('content-type')?.startsWith('application/json') === true && body !== '';
  const answer = (isJson ? JSON.parse(body) : { ok: false, message: '', data: null }) as Answer;
  return { status: Number(first.split(' ')[1]), headers, text: body, answer };
}
