import { didYouMean } from './did-you-mean.ts';

/** Comparing is quadratic in the length: 1,000 names cost a few milliseconds, 100,000 would stop everything else. */
const MAX_COMPARED = 1_000;

/**
 * Known names that were probably meant, the nearest first. Of many, those that share their first label or their domain with
 * it are looked at first.
 */
export function nearestNames(wrong: string, known: Iterable<string>, most = 3): string[] {
  const left = likeliest(wrong, known);
  const found: string[] = [];
  while (found.length < most) {
    const name = didYouMean(wrong, left);
    if (name === undefined) break;
    found.push(name);
    left.splice(left.indexOf(name), 1);
  }
  return found;
}

function likeliest(wrong: string, known: Iterable<string>): string[] {
  const [label, domain] = split(wrong);
  const related: string[] = [];
  const others: string[] = [];
  for (const name of new Set(known)) {
    if (related.length >= MAX_COMPARED) break;
    if (name === wrong) continue;
    const [itsLabel, itsDomain] = split(name);
    const isRelated = itsLabel === label || (domain !== '' && itsDomain === domain);
    if (isRelated) related.push(name);
    else if (others.length < MAX_COMPARED) others.push(name);
  }
  return [...related, ...others].slice(0, MAX_COMPARED);
}

function split(name: string): [label: string, domain: string] {
  const dot = name.indexOf('.');
  return dot === -1 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}
