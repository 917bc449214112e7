import { conditionTest } from './compile-condition.ts';
import type { Condition } from './condition.ts';
import type { RequestFacts } from './request-facts.ts';

/** How many parts are named; a rule may have two hundred. */
const MOST_NAMED = 5;

/** What of a condition does not hold, part by part; undefined: it holds. */
export function failedParts(condition: Condition, facts: RequestFacts): string | undefined {
  if (conditionTest(condition)(facts)) return undefined;
  return failures(condition, facts);
}

/** A condition in words: what must hold. */
export function describeCondition(condition: Condition): string {
  if (!('of' in condition)) return describePart(condition, true);
  const parts = condition.of.map(describeCondition);
  if (condition.type === 'all') return listed(parts, ' and ');
  return condition.type === 'any' ? listed(parts, ' or ') : `not (${listed(parts, ' or ')})`;
}

/** Of a condition that does not hold. */
function failures(condition: Condition, facts: RequestFacts): string {
  if (!('of' in condition)) return describePart(condition, false);
  if (condition.type === 'none') return excluded(condition.of, facts);
  if (condition.of.length === 0) return 'a choice of nothing never holds';
  const failed = condition.of.flatMap((each) => failedParts(each, facts) ?? []);
  return listed(failed, ' and ');
}

function excluded(of: readonly Condition[], facts: RequestFacts): string {
  const holding = of.filter((each) => conditionTest(each)(facts)).map(describeCondition);
  // Neither it nor its opposite holds for a text that is too long for a pattern.
  if (holding.length === 0)
    return `not (${listed(of.map(describeCondition), ' or ')}) cannot be told of so long a text`;
  return `${listed(holding, ' and ')}, which is excluded`;
}

type Part = Exclude<Condition, { readonly of: unknown }>;

function describePart(part: Part, holds: boolean): string {
  const is = holds ? 'is' : 'is not';
  const matches = holds ? 'matches' : 'does not match';
  switch (part.type) {
    case 'host':
      return `host ${is} ${part.host}`;
    case 'hostPattern':
      return `host ${matches} ${part.pattern}`;
    case 'path':
      return part.kind === 'exact'
        ? `path ${is} ${part.path}`
        : `path ${holds ? 'begins' : 'does not begin'} with ${part.path}`;
    case 'pathPattern':
      return `path ${matches} ${part.pattern}`;
    case 'method':
      return `method ${is} ${part.methods.join(' or ')}`;
    case 'header':
    case 'cookie':
    case 'query':
      if (part.value === null) return `${part.type} ${part.name} is ${holds ? 'there' : 'absent'}`;
      return `${part.type} ${part.name} ${is} ${shown(part, part.value)}`;
    case 'headerPattern':
      return `header ${part.name} ${matches} ${shown(part, part.pattern)}`;
    case 'queryPattern':
      return `query ${part.name} ${matches} ${shown(part, part.pattern)}`;
    case 'client':
      return `client ${is} in ${listed(part.ranges, ', ')}`;
    case 'encrypted':
      return holds === part.is ? 'the request is encrypted' : 'the request is in clear';
    default:
      return part satisfies never;
  }
}

/** A condition may hold a key that opens a door: explanations end up in tickets and chats (threats: secrets in the admin API). */
const SECRET_NAME = /authorization|cookie|token|secret|password|passwd|api[-_]?key|credential|signature/i;

function shown({ type, name }: Extract<Condition, { readonly name: string }>, wanted: string): string {
  return type === 'cookie' || SECRET_NAME.test(name) ? '***' : wanted;
}

function listed(parts: readonly string[], between: string): string {
  const more = parts.length - MOST_NAMED;
  return more > 0 ? `${parts.slice(0, MOST_NAMED).join(between)}, and ${more} more` : parts.join(between);
}
