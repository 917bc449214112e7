import type { Log } from '@dproxy/core';
import type { FastifyBaseLogger } from 'fastify';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** dproxy's log in the shape that plugins expect of `request.log`: fields are optional there, and there are more levels. */
export function pluginLog(log: Log, bound: object = {}): FastifyBaseLogger {
  const at =
    (level: Level) =>
    (first: unknown, message?: unknown): void => {
      if (typeof first === 'string') log[level](bound, first);
      else log[level]({ ...bound, ...fieldsOf(first) }, typeof message === 'string' ? message : 'plugin');
    };
  return {
    level: 'debug',
    trace: at('debug'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('error'),
    silent: () => {},
    child: (bindings: object) => pluginLog(log, { ...bound, ...bindings }),
  } as FastifyBaseLogger;
}

function fieldsOf(value: unknown): object {
  if (value instanceof Error) return { err: value };
  return typeof value === 'object' && value !== null ? value : {};
}
