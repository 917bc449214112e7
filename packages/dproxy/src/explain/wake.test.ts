import { type Explanation, type WakeGroupView } from '@dproxy/core';
import { snapshotOf } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { explainerOf, HTTP } from './_explain.ts';

describe('of a route whose containers sleep', () => {
  const GROUP = {
    id: 'e/project:shop',
    name: 'shop',
    autostart: true,
    timeoutMs: 60_000,
    browsers: 'page' as const,
    theme: '',
  };
  const VIEW: WakeGroupView = {
    id: GROUP.id,
    name: 'shop',
    state: 'asleep',
    message: '',
    members: [],
    failure: '',
    retryAfterS: 0,
    idle: null,
  };

  function answerOf({ autostart = true, state = 'stopped' as 'stopped' | 'ready', view = {} }): Explanation['answer'] {
    const snapshot = snapshotOf({
      listeners: [HTTP],
      wakeGroups: [{ ...GROUP, autostart }],
      routes: [{ host: 'a.test', wakeGroup: GROUP.id, to: [{ port: 1, state }] }],
    });
    const explainer = explainerOf(snapshot, { wakeGroups: () => [{ ...VIEW, ...view }] });
    return explainer.explain({ url: 'http://a.test:8080/', headers: [], client: '', hasClientCertificate: false })
      .answer;
  }

  it.each([
    [{}, 'shop sleeps: a request starts it, and waits for at most 60 s'],
    [
      { view: { state: 'waking', message: 'db is being started' } },
      'shop is being started (db is being started): a request waits for it, at most 60 s',
    ],
    [{ view: { state: 'awake' } }, 'shop runs, but nobody is ready for this route: a request waits, at most 60 s'],
    [
      { view: { failure: 'db: exited with code 3' } },
      'shop sleeps: a request starts it, and waits for at most 60 s; its last start failed: db: exited with code 3',
    ],
  ])('a request waits for them: %j', (facts, detail) => {
    expect(answerOf(facts)).toEqual({ type: 'wake', ok: true, status: 0, code: '', location: '', detail });
  });

  it.each([
    [{ autostart: false }, 406, 'shop sleeps, and a request does not start it: wake.autostart'],
    [
      { view: { failure: 'db: exited with code 3', retryAfterS: 5 } },
      503,
      'db: exited with code 3; a request may start shop again in 5 s',
    ],
    [{ view: { message: 'it was stopped by hand' } }, 503, 'shop: it was stopped by hand'],
  ])('a request is refused: %j', (facts, status, why) => {
    const { detail, ...answer } = answerOf(facts);
    expect(answer).toMatchObject({ type: 'error', ok: false, status });
    expect(detail).toContain(`(${why})`);
  });

  it('says nothing of it when somebody is ready', () => {
    expect(answerOf({ state: 'ready' }).type).toBe('backend');
  });
});
