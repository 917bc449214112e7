import { describe, expect, it } from 'vitest';
import { seenOf } from './_seen-of.ts';
import { logLines, logSinceS } from './log-lines.ts';
import { WakeTrouble, wakeTrouble } from './wake-trouble.ts';

const answer = (statusCode: number, message: string) => Object.assign(new Error(message), { statusCode });

describe('what is said of an error', () => {
  it.each([
    [
      500,
      'driver failed programming external connectivity on endpoint p2 (59e2): Bind for 127.0.0.1:80 failed: port is already allocated',
      'its port is already taken',
    ],
    [404, 'No such image: registry.internal/app:1', 'its image is gone'],
    [404, 'network 103bfdee not found', 'its network is gone'],
    [409, 'cannot join network of a non running container: 59e2', 'the container whose network it uses does not run'],
    [
      400,
      'runc create failed: exec: "/srv/run": stat /srv/run: no such file or directory: unknown',
      'its program cannot be started',
    ],
    [
      400,
      'error while creating mount source path "/srv/x": mkdir /srv/x: read-only file system',
      'a folder that it needs is not there',
    ],
    [404, 'No such container: 59e2', 'it is gone'],
    [500, 'something about /srv/secret', 'the engine could not start it'],
  ])('%i %s', (statusCode, message, sentence) => {
    const trouble = wakeTrouble(answer(statusCode, message));
    expect([trouble.kind, trouble.message]).toEqual(['failed', sentence]);
  });

  it('tells an engine that is away from one that is slow, and from a proxy in front of it', () => {
    expect(wakeTrouble(Object.assign(new Error('connect ENOENT /run/x.sock'), { code: 'ENOENT' })).kind).toBe('away');
    expect(wakeTrouble(new DOMException('The operation timed out', 'TimeoutError')).kind).toBe('slow');
    expect(wakeTrouble(answer(403, 'Forbidden')).kind).toBe('forbidden');
  });

  it('keeps what is known already', () => {
    const trouble = new WakeTrouble('slow', 'x');
    expect(wakeTrouble(trouble)).toBe(trouble);
  });
});

describe('lines of a log', () => {
  const piece = (stream: number, text: string): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt8(stream);
    head.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([head, Buffer.from(text)]);
  };

  it('come out of their frames, also where a line goes over two of them', () => {
    const bytes = Buffer.concat([piece(1, 'one\ntw'), piece(2, 'o\n'), piece(1, '\nthree')]);
    expect(logLines(bytes, { hasTerminal: false, count: 2 })).toEqual(['two', 'three']);
  });

  it('come as they are from a terminal', () => {
    expect(logLines(Buffer.from('one\r\ntwo\r\n'), { hasTerminal: true, count: 5 })).toEqual(['one', 'two']);
  });

  it.each([
    ['the first start', { startedMs: 50_000, endedMs: 0 }, 49],
    ['long after it ended', { state: 'running' as const, startedMs: 50_000, endedMs: 20_000 }, 49],
    ['a moment after it ended', { state: 'running' as const, startedMs: 50_000, endedMs: 49_750 }, 49.75],
    ['it has ended since', { startedMs: 50_000, endedMs: 50_300 }, 49],
    ['its end was noted before its start', { state: 'exited' as const, startedMs: 50_000, endedMs: 49_998 }, 49],
    ['it has never been started', { startedMs: 0, endedMs: 0 }, 0],
    ['the engine has started it anew', { startedMs: 50_000, endedMs: 49_750, restarts: 1 }, 0],
  ])('are those of its last start: %s', (_, times, seconds) => {
    expect(logSinceS(seenOf('web', times))).toBe(seconds);
  });

  it('have no orders to a terminal, nothing that turns text round, and an end', () => {
    const bytes = Buffer.from(`\u001B[31mred\u001B[0m\u0007 a\u202Eb\n${'x'.repeat(199)}\u{1F600}\n`);
    expect(logLines(bytes, { hasTerminal: true, count: 5 })).toEqual(['red ab', `${'x'.repeat(199)}…`]);
  });

  it('are few, and a frame that is cut off ends them', () => {
    const many = Array.from({ length: 50 }, (_, at) => `${at}\n`).join('');
    expect(logLines(Buffer.from(many), { hasTerminal: true, count: 100 })).toHaveLength(20);
    expect(logLines(piece(1, 'whole\nhalf').subarray(0, 15), { hasTerminal: false, count: 5 })).toEqual(['whole', 'h']);
  });
});
