import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.ts';
import { BreakerWindow } from './circuit-breaker-window.ts';
import type { CircuitBreakerFilter } from './filter.ts';

function breakerOf(expression: string, more: Partial<CircuitBreakerFilter> = {}): CircuitBreaker {
  return new CircuitBreaker({
    type: 'circuitBreaker',
    expression,
    checkMs: 100,
    fallbackMs: 10_000,
    recoveryMs: 10_000,
    status: 503,
    ...more,
  });
}

describe('a breaker', () => {
  it('opens when the expression holds, spares the backends for fallbackMs, and recovers', () => {
    const breaker = breakerOf('NetworkErrorRatio() > 0.5');
    breaker.record(200, 5, 1_000);
    expect(breaker.allows(1_001)).toBe(true);
    breaker.record(0, 5, 1_200);
    breaker.record(0, 5, 1_400);
    expect(breaker.state(1_400)).toBe('open');
    expect(breaker.allows(11_399)).toBe(false);
    expect(breaker.retryAfterS(1_400)).toBe(10);
    expect(breaker.state(11_400)).toBe('recovering');
    breaker.record(200, 5, 12_000);
    expect(breaker.state(21_400)).toBe('closed');
    expect(breaker.allows(21_400)).toBe(true);
  });

  it('lets a share through while it recovers that grows from none to all', () => {
    const breaker = breakerOf('NetworkErrorRatio() > 0.5');
    breaker.record(0, 5, 0);
    const allowed = Array.from({ length: 10 }, (_, second) =>
      Array.from({ length: 100 }, (__, request) => breaker.allows(10_000 + second * 1_000 + request * 10)),
    ).map((asked) => asked.filter(Boolean).length);
    expect(allowed[0]).toBeLessThan(10);
    expect(allowed.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(400);
    for (const [index, count] of allowed.entries()) expect(count).toBeGreaterThanOrEqual(allowed[index - 1] ?? 0);
  });

  it('opens again when the backends fail while it recovers', () => {
    const breaker = breakerOf('NetworkErrorRatio() > 0.5');
    breaker.record(504, 5, 0);
    expect(breaker.state(15_000)).toBe('recovering');
    breaker.record(502, 5, 15_000);
    expect(breaker.state(15_000)).toBe('open');
    expect(breaker.state(24_999)).toBe('open');
  });

  it('does not hold late failures of the time before against the time after', () => {
    const breaker = breakerOf('NetworkErrorRatio() > 0.5', { fallbackMs: 1_000 });
    breaker.record(0, 5, 0);
    for (let atMs = 100; atMs < 1_000; atMs += 100) breaker.record(0, 5, atMs);
    breaker.record(200, 5, 1_100);
    expect(breaker.state(1_100)).toBe('recovering');
  });

  it('looks at most every checkMs', () => {
    const breaker = breakerOf('NetworkErrorRatio() > 0.5', { checkMs: 1_000 });
    breaker.record(200, 5, 0);
    for (let atMs = 1; atMs < 1_000; atMs += 1) breaker.record(0, 5, atMs);
    expect(breaker.state(999)).toBe('closed');
    breaker.record(0, 5, 1_000);
    expect(breaker.state(1_000)).toBe('open');
  });

  it('refuses an expression that cannot be read', () => {
    expect(() => breakerOf('Rate() > 1')).toThrow(RangeError);
  });
});

describe('the window', () => {
  it('forgets what is older than ten seconds', () => {
    const window = new BreakerWindow(false);
    window.add(500, 1, 0);
    window.add(200, 1, 9_999);
    expect(window.facts(9_999).answersWith(100, 600)).toBe(2);
    expect(window.facts(10_000).answersWith(100, 600)).toBe(1);
    expect(window.facts(60_000).requests).toBe(0);
  });

  it('counts a request without an answer as a network error, and not as an answer', () => {
    const window = new BreakerWindow(false);
    for (const status of [0, 502, 504, 500]) window.add(status, 1, 0);
    expect(window.facts(0).networkErrorRatio).toBe(0.75);
    expect(window.facts(0).answersWith(0, 600)).toBe(3);
  });

  it.each([0.3, 1, 2, 3, 17, 100, 999, 60_000])('knows a latency of %s ms to within 4 %%', (latencyMs) => {
    const window = new BreakerWindow(true);
    for (let request = 0; request < 9; request += 1) window.add(200, latencyMs, 0);
    window.add(200, latencyMs * 100, 0);
    const known = window.facts(0).latencyMs(50);
    expect(Math.abs(known - Math.max(1, latencyMs)) / Math.max(1, latencyMs)).toBeLessThanOrEqual(0.04);
    expect(window.facts(0).latencyMs(95)).toBeGreaterThan(known);
  });

  it('has no latency when nothing happened', () => {
    expect(new BreakerWindow(true).facts(0).latencyMs(50)).toBe(0);
  });
});
