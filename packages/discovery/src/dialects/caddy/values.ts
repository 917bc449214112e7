import { readGoDuration } from '../go-duration.ts';
import { argumentsOf, type Block } from './block.ts';

/** The first word behind a directive; empty when there is none. */
export function first(block: Block | undefined): string {
  return block === undefined ? '' : (argumentsOf(block)[0] ?? '');
}

/** 0 where there is none: in Caddy, too, that is the default, or never. */
export function milliseconds(block: Block | undefined): number {
  return readGoDuration(first(block), { hasDays: true }) ?? 0;
}
