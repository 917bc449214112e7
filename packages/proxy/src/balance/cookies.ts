import { fieldValues } from '../http1/index.ts';

/**
 * Values of the cookies of this name, in order; a client that has several (of several paths) sends them all.
 *
 * @param fields `RequestHead.passed`
 */
export function cookieValues(fields: string, name: string): readonly string[] {
  const values: string[] = [];
  for (const line of fieldValues(fields, 'cookie')) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=');
      if (equals !== -1 && pair.slice(0, equals).trim() === name) values.push(pair.slice(equals + 1).trim());
    }
  }
  return values;
}
