import type { Log } from '@dproxy/core';

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

export interface CollectedLog extends Log {
  readonly entries: readonly LogEntry[];
  /** Entries of one level, as sentences. */
  messages(level?: LogEntry['level']): readonly string[];
}

/** A log that keeps what it is told. */
export function collectLog(): CollectedLog {
  const entries: LogEntry[] = [];
  const at = (level: LogEntry['level']) => (fields: object, message: string) => {
    entries.push({ level, fields, message });
  };
  return {
    entries,
    messages: (level) =>
      entries.filter((entry) => level === undefined || entry.level === level).map((entry) => entry.message),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}
