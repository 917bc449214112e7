import { resolve } from 'node:path';
import { validateFile } from '@dproxy/config';
import type { Rejection } from '@dproxy/core';
import { isComposeText } from '../compose/compose-document.ts';
import { printable } from '../compose/report-lines.ts';
import { adminClient, type Context } from './context.ts';
import { failure } from './failure.ts';
import { readText } from './read-text.ts';

/**
 * Checks files without touching what runs: each a dproxy.yml, or a compose file, which is told by its `services:`. Without a file
 * the dproxy.yml that start would read.
 */
export async function validate(context: Context, files: readonly string[]): Promise<void> {
  const paths = (files.length === 0 ? [context.loaded.settings.config.path] : files).map((file) => resolve(file));
  const rejections = (await Promise.all(paths.map((path) => rejectionsOf(context, path)))).flat();
  const lines = rejections.map(lineOf);
  context.answer(
    lines.length === 0 ? paths.map((path) => `${path} is valid`).join('\n') : lines.join('\n'),
    rejections,
  );
  if (rejections.length > 0) throw failure(`${rejections.length} parts of ${paths.join(', ')} are refused`);
}

/** What a running dproxy has refused of its containers. */
export async function validateContainers(context: Context): Promise<void> {
  const rejected = await (await adminClient(context)).rejected();
  const own = rejected.filter(({ source }) => source.startsWith('docker:'));
  context.answer(own.length === 0 ? 'nothing of any container is refused' : own.map(lineOf).join('\n'), own);
  if (own.length > 0) throw failure(`${own.length} labels or variables of containers are refused`);
}

async function rejectionsOf(context: Context, path: string): Promise<readonly Rejection[]> {
  if (!isComposeText(readText(path) ?? '')) return validateFile(path);
  // It brings all that reads labels, which a dproxy.yml does not need.
  const { composeReports } = await import('./compose-reports.ts');
  const [report] = await composeReports(context, [path], undefined);
  const { problems = [], services = [] } = report ?? {};
  const place = { line: 0, column: 0 };
  return [
    ...problems.map((each) => ({ source: path, ...place, ...each })),
    ...services.flatMap(({ service, problems: own }) =>
      own.map((each) => ({ source: `${path}: ${service}`, ...place, ...each })),
    ),
  ];
}

function lineOf({ source, line, column, message, expected }: Rejection): string {
  const where = line === 0 ? source : `${source}:${line}:${column}`;
  return printable(`${where}: ${message}; expected ${expected}`);
}
