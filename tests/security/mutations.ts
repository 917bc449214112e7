/** A generator of numbers that is the same for the same seed, so that what a fuzzer has found can be found again. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to below `limit` (mulberry32). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** What parsers stumble over. */
const MORSELS = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\0',
  ' ',
  '\t',
  '\x0b',
  '\x7f',
  '\x80',
  '\xff',
  ':',
  ';',
  ',',
  '0',
  '-1',
  'ffffffff',
  '99999999999999999999',
  'chunked',
  'HTTP/1.1',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: upgrade\r\nUpgrade: websocket\r\n',
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
  '__proto__: 1\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
  '0\r\n\r\n',
  '%00',
  '%2e%2e/',
  '[::1]',
];

/** One to four small injuries. */
export function mutate(text: string, dice: Dice): string {
  let mutated = text;
  for (let count = 1 + dice.below(4); count > 0; count--) mutated = injure(mutated, dice);
  return mutated;
}

function injure(text: string, dice: Dice): string {
  const at = dice.below(text.length + 1);
  const length = dice.below(12);
  switch (dice.below(7)) {
    case 0:
      return text.slice(0, at) + dice.one(MORSELS) + text.slice(at);
    case 1:
      return text.slice(0, at) + dice.one(MORSELS) + text.slice(at + length);
    case 2:
      return text.slice(0, at) + text.slice(at + length);
    case 3:
      return text.slice(0, at) + text.slice(at, at + length).repeat(1 + dice.below(50)) + text.slice(at + length);
    case 4:
      return text.slice(0, at) + String.fromCharCode(dice.below(256)) + text.slice(at + 1);
    case 5:
      return text.slice(0, at);
    default:
      return text.slice(at) + text.slice(0, at);
  }
}
