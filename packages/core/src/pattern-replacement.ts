/** What the groups of a match are: 0 is all of it. */
type GroupOf = (group: number) => string;

/** Text, or the number of a group; -1: a group that the pattern does not have, which is empty. */
type Part = string | number;

/** Makes the text that takes the place of a match. @param groupCount beside group 0 */
export type Expand = (groupOf: GroupOf, groupCount: number) => string;

const NO_GROUP = -1;
/** `$name`, `${name}` and `$$`. A dollar sign before anything else stands for itself. */
const REFERENCE = /\$(?:\$|(\w+)|\{(\w+)\})/g;

/**
 * The text that takes the place of a match, in the words of Go's `Regexp.Expand`.
 *
 * @param names of the groups that have one
 */
export function compileReplacement(replacement: string, names: Readonly<Record<string, number>>): Expand {
  const parts: Part[] = [];
  let end = 0;
  for (const found of replacement.matchAll(REFERENCE)) {
    const name = found[1] ?? found[2];
    parts.push(replacement.slice(end, found.index), name === undefined ? '$' : groupNumber(name, names));
    end = found.index + found[0].length;
  }
  parts.push(replacement.slice(end));
  return (groupOf, groupCount) => {
    let text = '';
    for (const part of parts) {
      if (typeof part === 'string') text += part;
      else if (part !== NO_GROUP && part <= groupCount) text += groupOf(part);
    }
    return text;
  };
}

function groupNumber(name: string, names: Readonly<Record<string, number>>): number {
  if (/^\d+$/.test(name)) return Number(name);
  return Object.hasOwn(names, name) ? (names[name] ?? NO_GROUP) : NO_GROUP;
}
