import { resolve } from 'node:path';
import { validateFile } from '@dproxy/config';
import type { Context } from './context.ts';
import { failure } from './failure.ts';

/** Checks a dproxy.yml without touching what runs. */
export function validate(context: Context, file: string | undefined): void {
  const path = resolve(file ?? context.loaded.settings.config.path);
  const rejections = validateFile(path);
  const lines = rejections.map(
    ({ source, line, column, message, expected }) => `${source}:${line}:${column}: ${message}; expected ${expected}`,
  );
  context.answer(lines.length === 0 ? `${path} is valid` : lines.join('\n'), rejections);
  if (rejections.length > 0) throw failure(`${rejections.length} parts of ${path} are refused`);
}
