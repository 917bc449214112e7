/** Of Linux, where containers run, from 1 on: the numbers of the system that dproxy runs on may be others. */
const NAMES =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS';
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ...NAMES.split(' ').map((name, index) => [name, index + 1] as const),
  ['IOT', 6],
  ['CLD', 17],
  ['POLL', 29],
]);
const FIRST_REAL_TIME = 34;
const LAST_REAL_TIME = 64;
const KILL = 9;
export const SIGTERM = 15;

/** `15`, `TERM`, `sigterm`, `RTMIN+3`; undefined for what is no signal. */
export function signalNumber(text: string): number | undefined {
  if (/^\d{1,2}$/.test(text)) return inRange(Number(text));
  const name = text.toUpperCase().replace(/^SIG/, '');
  const [, end, sign, digits = '0'] = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name) ?? [];
  if (end === undefined) return NUMBERS.get(name);
  const base = end === 'MIN' ? FIRST_REAL_TIME : LAST_REAL_TIME;
  return inRange(base + (sign === '-' ? -Number(digits) : Number(digits)));
}

function inRange(number: number): number | undefined {
  return number >= 1 && number <= LAST_REAL_TIME ? number : undefined;
}

/** Whether a container is being ended by it: `docker kill -s HUP` only makes most programs read their settings again. */
export function endsContainer(signal: number, stopSignal: number): boolean {
  return signal === KILL || signal === stopSignal;
}
