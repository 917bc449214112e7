import { compilePattern, PatternError } from '@dproxy/core';
import { RuleError } from './rule-error.ts';
import { parseRule, type Matcher, type RuleTree } from './rule-parser.ts';

/** Whether a container with these labels is read at all. */
export type Constraints = (labels: ReadonlyMap<string, string>) => boolean;

/**
 * `Label(`key`, `value`) && !LabelRegex(`key`, `pattern`)`. A label that is not there counts as empty. Empty: all containers.
 *
 * @throws RuleError
 */
export function readConstraints(text: string): Constraints {
  return text.trim() === '' ? () => true : compile(parseRule(text, ['Label', 'LabelRegex']));
}

function compile(tree: RuleTree): Constraints {
  switch (tree.type) {
    case 'and': {
      const parts = tree.of.map(compile);
      return (labels) => parts.every((part) => part(labels));
    }
    case 'or': {
      const parts = tree.of.map(compile);
      return (labels) => parts.some((part) => part(labels));
    }
    case 'not': {
      const part = compile(tree.of);
      return (labels) => !part(labels);
    }
    case 'matcher':
      return compileMatcher(tree);
    default:
      return tree satisfies never;
  }
}

function compileMatcher({ name, values, column }: Matcher): Constraints {
  const [key, value] = values;
  if (key === undefined || value === undefined || values.length > 2) {
    throw new RuleError(column, `${name} with ${values.length} values`, `${name}(\`label\`, \`value\`)`);
  }
  if (name === 'Label') return (labels) => (labels.get(key) ?? '') === value;
  try {
    const pattern = compilePattern(value);
    return (labels) => pattern.test(labels.get(key) ?? '');
  } catch (error) {
    if (error instanceof PatternError) throw new RuleError(column, `${value}: ${error.message}`, error.expected);
    throw error;
  }
}
