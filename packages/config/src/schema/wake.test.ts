import { describe, expect, test } from 'vitest';
import { parseFile } from '../file/parse-file.ts';
import { readLabelSection } from '../labels/read-label-section.ts';
import { DEFAULT_WAKE, resolveWake } from '../settings/resolve-wake.ts';

function settingsOf(text: string) {
  const { settings, rejected } = parseFile({ path: '/etc/dproxy.yml', text, seenMs: 1_000 });
  return { wake: resolveWake(settings.wake), rejected };
}

describe('wake in dproxy.yml', () => {
  test('what is not said is the default', () => {
    expect(settingsOf('workers: 1')).toEqual({ wake: DEFAULT_WAKE, rejected: [] });
    expect(settingsOf('wake: {}')).toEqual({ wake: DEFAULT_WAKE, rejected: [] });
  });

  test('all of it', () => {
    const { wake, rejected } = settingsOf(`
wake:
  autostart: false
  timeout: 90s
  browsers: hold
  theme: ghost
  idle: 30m
  method: pause
  awake: [ '09:00-18:00 Mon-Fri', 22:00-06:00 Sat ]
  timeZone: Europe/Berlin
  cpu: 0
  probe: /busy?now=1
  afterManualStop: false
  logs: true
  budget: { perMinute: 5 }
`);
    expect(rejected).toEqual([]);
    expect(wake).toEqual({
      autostart: false,
      timeoutMs: 90_000,
      browsers: 'hold',
      theme: 'ghost',
      idleMs: 1_800_000,
      method: 'pause',
      awake: [
        { days: [1, 2, 3, 4, 5], from: 540, to: 1_080 },
        { days: [6], from: 1_320, to: 360 },
      ],
      timeZone: 'Europe/Berlin',
      busyCpuPercent: 0,
      probePath: '/busy?now=1',
      afterManualStop: false,
      showsLog: true,
      budget: { clientPerMinute: 10, perMinute: 5, concurrent: 4 },
    });
  });

  test.each([
    ['idle: 500ms', 'wake.idle: found "500ms"', 'at least 1s'],
    ['timeout: 0', 'wake.timeout: found 0', 'from 1000 ms'],
    ['awake: [ 09:00 ]', 'wake.awake[0]: found "09:00"', 'times such as'],
    ['timeZone: Mars/Base', 'wake.timeZone: found "Mars/Base"', 'Europe/Berlin'],
    ['theme: ../../etc', 'wake.theme: found "../../etc"', 'the name of a theme'],
    ['probe: "//x y"', 'wake.probe', 'a path'],
    ['budget: { perMinute: 0 }', 'wake.budget.perMinute', 'from 1 to'],
    ['idel: 5m', 'wake: unknown key "idel"', 'did you mean "idle"'],
  ])('%s is refused', (line, message, expected) => {
    const { wake, rejected } = settingsOf(`wake:\n  ${line}\n`);
    expect(wake).toEqual(DEFAULT_WAKE);
    expect(rejected).toMatchObject([
      { message: expect.stringContaining(message), expected: expect.stringContaining(expected) },
    ]);
  });
});

describe('labels of wake', () => {
  const read = (labels: Readonly<Record<string, string>>) => {
    const words = Object.entries(labels).map(([label, value]) => ({ label, path: label.split('.').slice(1), value }));
    return readLabelSection('wake', words);
  };
  const nothing = { options: {}, group: '', name: '', isPermanent: false, readyAfterMs: 0 };

  test('a word alone, options alone, or both', () => {
    expect(read({ wake: 'true' })).toEqual({ value: { ...nothing, isWanted: true } });
    expect(read({ wake: 'false' })).toEqual({ value: { ...nothing, isWanted: false } });
    const idle = { value: { ...nothing, isWanted: true, options: { idleMs: 1_800_000 } } };
    expect(read({ 'wake.idle': '30m' })).toEqual(idle);
    expect(read({ wake: 'true', 'wake.IDLE': '30m' })).toEqual(idle);
  });

  test('all of it', () => {
    const said = {
      'wake.idle': '0',
      'wake.method': 'pause',
      'wake.timeout': '2m',
      'wake.awake': '09:00-18:00 Mon,Wed, 10:00-12:00 Sat',
      'wake.timeZone': 'UTC',
      'wake.cpu': '20',
      'wake.probe': 'none',
      'wake.afterManualStop': 'false',
      'wake.logs': 'true',
      'wake.theme': 'ghost',
      'wake.browsers': 'hold',
      'wake.autostart': 'false',
      'wake.name': 'Our shop',
      'wake.group': 'games',
      'wake.permanent': 'true',
      'wake.readyAfter': '5s',
    };
    expect(read(said)).toEqual({
      value: {
        isWanted: true,
        group: 'games',
        name: 'Our shop',
        isPermanent: true,
        readyAfterMs: 5_000,
        options: {
          idleMs: 0,
          method: 'pause',
          timeoutMs: 120_000,
          awake: [
            { days: [1, 3], from: 540, to: 1_080 },
            { days: [6], from: 600, to: 720 },
          ],
          timeZone: 'UTC',
          busyCpuPercent: 20,
          probePath: '',
          afterManualStop: false,
          showsLog: true,
          theme: 'ghost',
          browsers: 'hold',
          autostart: false,
        },
      },
    });
  });

  test.each([
    [{ wake: 'yes' }, 'wake'],
    [{ wake: 'false', 'wake.idle': '5m' }, 'wake'],
    [{ 'wake.idle': 'soon' }, 'wake.idle'],
    [{ 'wake.group': 'a/b' }, 'wake.group'],
    [{ 'wake.name': 'a\u202eb' }, 'wake.name'],
    [{ 'wake.budget.perMinute': '1000' }, 'wake.budget.perMinute'],
    [{ 'wake.permanent': '1' }, 'wake.permanent'],
  ])('%o is refused by its label', (labels, label) => {
    expect(read(labels)).toMatchObject({ findings: [expect.objectContaining({ label })] });
  });
});
