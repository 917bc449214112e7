import { resolve } from 'node:path';
import {
  FileCertificateStore,
  importCertificates,
  ImportError,
  type ImportedCertificate,
  type ImportReport,
  StoreError,
} from '@dproxy/certs';
import { statePaths } from '../paths.ts';
import type { Context } from './context.ts';
import { failure } from './failure.ts';
import { printable } from '../compose/report-lines.ts';
import { stderrLog } from './stderr-log.ts';

const MAX_NAMES = 4;

/** Copies certificates into the state folder; a primary that runs takes them from there. */
export async function importCerts(context: Context, path: string, { isDryRun }: { isDryRun: boolean }): Promise<void> {
  const report = await run(context, resolve(path), isDryRun);
  const count = (state: ImportedCertificate['state']) =>
    report.certificates.filter((certificate) => certificate.state === state).length;
  const counts = { taken: count('taken'), skipped: count('skipped'), failed: count('failed') };
  const verb = isDryRun ? 'would be taken' : 'taken';
  const from = report.layouts.join(', ');
  const summary = `${from}: ${counts.taken} ${verb}, ${counts.skipped} skipped, ${counts.failed} failed`;
  const lines = report.certificates.map((certificate) => printable(describe(certificate)));
  context.answer([...lines, summary].join('\n'), { path: resolve(path), dryRun: isDryRun, ...counts, ...report });
  if (counts.failed > 0) throw failure(`${counts.failed} certificates could not be imported`);
}

async function run({ loaded }: Context, path: string, isDryRun: boolean): Promise<ImportReport> {
  const directory = statePaths(loaded.settings.paths.state).certificates;
  try {
    const store = await FileCertificateStore.open({ directory, log: stderrLog, now: Date.now, isReadOnly: isDryRun });
    return await importCertificates({ path, store, nowMs: Date.now(), isDryRun });
  } catch (error) {
    if (error instanceof ImportError || error instanceof StoreError) throw failure(printable(error.message));
    throw error;
  }
}

function describe({ source, names, issuer, notAfterMs, state, reason }: ImportedCertificate): string {
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  const who = names.length === 0 ? source : `${names.slice(0, MAX_NAMES).join(', ')}${more}`;
  const from = issuer === '' ? '' : `  from ${issuer}`;
  const until = notAfterMs === 0 ? '' : `  until ${new Date(notAfterMs).toISOString().slice(0, 10)}`;
  const why = reason === '' ? '' : `  ${reason}`;
  return `${state.padEnd(7)}  ${who}${from}${until}${why}${names.length === 0 ? '' : `  (${source})`}`;
}
