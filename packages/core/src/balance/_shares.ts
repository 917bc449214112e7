import type { Share } from '../balance.ts';

/** For tests: a backend that knows what it has to do. */
export class FakeBackend {
  readonly id: string;
  active = 0;
  averageMs = 0;

  constructor(id: string) {
    this.id = id;
  }

  responseMs(): number {
    return this.averageMs;
  }
}

/** `a:3 b` is a with weight 3 and b with weight 1. */
export function sharesOf(text: string): Share<FakeBackend>[] {
  if (text === '') return [];
  return text.split(' ').map((word) => {
    const [id = '', weight = '1'] = word.split(':');
    return { id, weight: Number(weight), target: new FakeBackend(id) };
  });
}

/** Numbers in [0, 1) that are the same in every run. */
export function chanceFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
