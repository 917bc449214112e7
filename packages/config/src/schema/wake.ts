import { z } from 'zod';
import { AWAKE_TIMES, readAwakeTimes, readTimeZone, type WeeklyTime } from './awake-times.ts';
import { field, flag, integer, oneOrMore, readable, section, words, type Read } from './field.ts';
import { duration } from './units.ts';

/** How a group of containers sleeps and wakes. */
export interface WakeOptions {
  readonly autostart: boolean;
  readonly timeoutMs: number;
  readonly browsers: 'page' | 'hold';
  /** Empty: the default one. */
  readonly theme: string;
  /** 0: never. */
  readonly idleMs: number;
  readonly method: 'stop' | 'pause';
  readonly awake: readonly WeeklyTime[];
  /** IANA name; empty: that of the machine. */
  readonly timeZone: string;
  /** Of one CPU; 0: not looked at. */
  readonly busyCpuPercent: number;
  /** Empty: nobody is asked. */
  readonly probePath: string;
  readonly afterManualStop: boolean;
  readonly showsLog: boolean;
}

/** What is absent was not mentioned. */
export type SaidWakeOptions = { readonly [Key in keyof WakeOptions]?: WakeOptions[Key] };

/** Wakes that requests may cause. */
export interface WakeBudget {
  /** By one client address. */
  readonly clientPerMinute: number;
  /** By all clients together. */
  readonly perMinute: number;
  /** Groups of which containers are being started at the same time. */
  readonly concurrent: number;
}

/** `wake` in dproxy.yml. */
export interface WakeEntry {
  readonly options: SaidWakeOptions;
  readonly budget: { readonly [Key in keyof WakeBudget]?: WakeBudget[Key] | undefined };
}

/** `dproxy.wake` and what is below. */
export interface WakeLabels {
  /** False: the container takes no part, whatever others of its project say. */
  readonly isWanted: boolean;
  readonly options: SaidWakeOptions;
  /** Empty: its compose project. */
  readonly group: string;
  /** Empty: that of the group. */
  readonly name: string;
  readonly isPermanent: boolean;
  readonly readyAfterMs: number;
}

const THEME = 'the name of a theme, in lower-case letters, digits and "-"';
const ZONE = 'a time zone such as Europe/Berlin';
const PROBE = 'a path such as /busy, or none';
const GROUP = 'a name of letters, digits, ".", "_" and "-", at most 64';
const NAME = 'a name of at most 64 characters, without control characters';
const CALLED =
  'the name of a compose project, a group or a container, or project:<name>, group:<name>, container:<name>';
const IDLE = 'a duration of at least 1s, such as 30m, or 0 for never';
/** Shorter ones would stop what has just been started. */
const MIN_IDLE_MS = 1_000;
const TIMEOUT = 'a duration from 1s to 1h, such as 60s';
/** For so long one that never becomes ready takes places from others. */
const MAX_TIMEOUT_MS = 3_600_000;

const options = {
  autostart: field(flag(), {
    meaning: 'Whether a request starts the containers; without, it is answered with 406',
    default: 'true',
  }),
  timeout: field(
    duration(1_000).refine((value) => value <= MAX_TIMEOUT_MS, { error: TIMEOUT }),
    {
      meaning: 'How long a request waits until somebody is ready, in ms or as 60s; then it is answered with 503',
      default: '60s',
    },
  ),
  browsers: field(words(['page', 'hold']), {
    meaning: 'What a browser gets that asks for a page. page: the waiting page. hold: it waits like everybody else',
    default: 'page',
  }),
  theme: field(readable(THEME, readTheme), { meaning: 'Theme of the waiting page', default: 'the built-in one' }),
  idle: field(
    duration(0).refine((value) => value === 0 || value >= MIN_IDLE_MS, { error: IDLE }),
    {
      meaning: 'Time without use after which the containers are put to sleep, in ms or as 30m',
      default: '0',
      zero: 'they are never put to sleep',
    },
  ),
  method: field(words(['stop', 'pause']), {
    meaning: 'How they are put to sleep. pause keeps their memory and wakes at once',
    default: 'stop',
  }),
  timeZone: field(readable(ZONE, readTimeZone), { meaning: 'Time zone of awake', default: 'that of the machine' }),
  cpu: field(integer(0, 10_000), {
    meaning: 'A container that uses more than this share of one CPU, in percent, is in use',
    default: '5',
    zero: 'CPU is not looked at',
  }),
  probe: field(readable(PROBE, readProbe), {
    meaning:
      'Path that its containers are asked for with GET before they are put to sleep: a status of 200-299 says that they are in use',
    default: 'none',
  }),
  afterManualStop: field(flag(), {
    meaning: 'Whether a request also starts what somebody else has stopped',
    default: 'true',
  }),
  logs: field(flag(), {
    meaning: 'Whether the waiting page shows the last lines of the log of what is started',
    default: 'false',
    danger: 'whoever may open the page may read them',
  }),
};

const AWAKE = {
  meaning:
    'When the containers are kept awake, used or not: 09:00-18:00 Mon-Fri; 22:00-06:00 ends on the next day; none for no such times',
  default: 'none',
};

/** What a route of the operator calls the group behind it. */
export function wakeName() {
  return readable(CALLED, readCalled);
}

/** `wake`: what holds for all groups that do not say it themselves. */
export function wakeSection() {
  return section({
    ...options,
    awake: field(
      oneOrMore(readable(AWAKE_TIMES, readAwakeTimes), AWAKE_TIMES).transform((lists) => lists.flat()),
      { ...AWAKE, meaning: `${AWAKE.meaning}. Also a list` },
    ),
    budget: field(
      section({
        clientPerMinute: field(integer(1, 10_000), {
          meaning: 'Wakes a minute that one client address may cause',
          default: '10',
        }),
        perMinute: field(integer(1, 100_000), { meaning: 'Wakes a minute by all clients together', default: '60' }),
        concurrent: field(integer(1, 256), {
          meaning: 'Groups of which containers are being started at the same time',
          default: '4',
        }),
      }),
      { meaning: 'How many wakes requests may cause; the ones beyond are answered with 503', default: 'see each' },
    ),
  }).transform((said): WakeEntry => ({ options: optionsOf(said), budget: said.budget ?? {} }));
}

const detailedLabels = () =>
  section({
    ...options,
    awake: field(readable(AWAKE_TIMES, readAwakeTimes), AWAKE),
    group: field(readable(GROUP, readGroup), {
      meaning: 'Containers that name the same group sleep and wake together',
      default: 'the compose project; without one the container is alone',
    }),
    name: field(readable(NAME, readName), {
      meaning: 'What the waiting page calls the group',
      default: 'its own name',
    }),
    permanent: field(flag(), { meaning: 'Whether its group is never put to sleep', default: 'false' }),
    readyAfter: field(duration(0), {
      meaning: 'Time from its start until it takes requests, where no health check says so',
      default: '0',
      zero: 'at once',
    }),
  });

/** `dproxy.wake` of a container. */
export function wakeLabels(): z.ZodType<WakeLabels> {
  const short = flag().transform((isWanted): WakeLabels => ({ ...NOTHING_SAID, isWanted }));
  const detailed = detailedLabels().transform((said): WakeLabels => ({
    isWanted: true,
    options: optionsOf(said),
    group: said.group ?? '',
    name: said.name ?? '',
    isPermanent: said.permanent ?? false,
    readyAfterMs: said.readyAfter ?? 0,
  }));
  return z.union([short, detailed], { error: 'true, false, or options such as idle' });
}

const NOTHING_SAID = { options: {}, group: '', name: '', isPermanent: false, readyAfterMs: 0 };

interface SaidWords {
  readonly autostart?: boolean | undefined;
  readonly timeout?: number | undefined;
  readonly browsers?: 'page' | 'hold' | undefined;
  readonly theme?: string | undefined;
  readonly idle?: number | undefined;
  readonly method?: 'stop' | 'pause' | undefined;
  readonly awake?: readonly WeeklyTime[] | undefined;
  readonly timeZone?: string | undefined;
  readonly cpu?: number | undefined;
  readonly probe?: string | undefined;
  readonly afterManualStop?: boolean | undefined;
  readonly logs?: boolean | undefined;
}

function optionsOf(said: SaidWords): SaidWakeOptions {
  const { autostart, timeout, browsers, theme, idle, method, awake, timeZone, cpu, probe, afterManualStop, logs } =
    said;
  return {
    ...(autostart === undefined ? {} : { autostart }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(browsers === undefined ? {} : { browsers }),
    ...(theme === undefined ? {} : { theme }),
    ...(idle === undefined ? {} : { idleMs: idle }),
    ...(method === undefined ? {} : { method }),
    ...(awake === undefined ? {} : { awake }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(cpu === undefined ? {} : { busyCpuPercent: cpu }),
    ...(probe === undefined ? {} : { probePath: probe }),
    ...(afterManualStop === undefined ? {} : { afterManualStop }),
    ...(logs === undefined ? {} : { showsLog: logs }),
  };
}

/** Where several groups have one name, their ids tell them apart: `docker:<engine>/project:shop`. */
function readCalled(raw: string): Read<string> {
  return /^[!-~]{1,600}$/.test(raw) ? { value: raw } : { problem: 'not such a name' };
}

function readTheme(raw: string): Read<string> {
  return /^[a-z0-9][a-z0-9-]{0,31}$/.test(raw) ? { value: raw } : { problem: 'not the name of a theme' };
}

function readProbe(raw: string): Read<string> {
  if (raw === 'none') return { value: '' };
  return /^\/[!-"$-~]{0,2000}$/.test(raw) ? { value: raw } : { problem: 'not a path' };
}

function readName(raw: string): Read<string> {
  return /^[^\p{Cc}\p{Cf}]{1,64}$/u.test(raw) ? { value: raw } : { problem: 'not such a name' };
}

function readGroup(raw: string): Read<string> {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(raw) ? { value: raw } : { problem: 'not a name' };
}
