import { DEFAULT_LIMITS, type ErrorCode, ERRORS, ProxyError } from '@dproxy/core';
import { describe, expect, test } from 'vitest';
import { HeadProgress, parseRequestHead, type RequestHead } from '../http1/index.ts';
import { grpcPage, isGrpc } from './grpc.ts';

function headWith(line: string): RequestHead {
  const bytes = Buffer.from(`POST / HTTP/1.1\r\nHost: a.test\r\n${line}\r\n\r\n`);
  return parseRequestHead(bytes, 0, bytes.length, DEFAULT_LIMITS, new HeadProgress()) as RequestHead;
}

describe('a request of a gRPC client', () => {
  test.each([
    ['Content-Type: application/grpc', true],
    ['X-First: 1\r\ncontent-type:application/grpc+proto', true],
    ['content-type: application/grpc-web; charset=utf-8', true],
    ['content-type: application/json', false],
    ['x-content-type: application/grpc', false],
    ['x-note: content-type: application/grpc', false],
  ])('%j: %s', (line, expected) => {
    expect(isGrpc(headWith(line))).toBe(expected);
  });

  test('every error of ours is a head that ends the call, with a status and a sentence that need no escape', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const { status, headers, body } = grpcPage(new ProxyError(code), 'id-1');
      expect([status, body.length]).toEqual([200, 0]);
      expect(headers).toMatch(/\r\ngrpc-status: (?:4|8|12|13|14)\r\n/);
      expect(headers).toMatch(/\r\ngrpc-message: [ -$&-~]+\r\n/);
    }
  });

  test.each([
    ['upstream-refused', 14],
    ['no-backend-ready', 14],
    ['upstream-connect-timeout', 14],
    ['upstream-timeout', 4],
    ['route-unknown', 12],
    ['header-malformed', 13],
    ['internal', 13],
  ] as const)('%s is %i', (code, status) => {
    expect(grpcPage(new ProxyError(code), 'id-1').headers).toContain(`\r\ngrpc-status: ${status}\r\n`);
  });
});
