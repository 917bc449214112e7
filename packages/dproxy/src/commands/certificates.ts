import type { CertificateView } from '@dproxy/core';
import { adminClient, type Context } from './context.ts';

/** Every certificate, and every name that waits for one. @param retry a name that is to be tried again now */
export async function certificates(context: Context, retry: string | undefined): Promise<void> {
  const client = await adminClient(context);
  if (retry !== undefined) {
    await client.retryCertificate(retry);
    context.answer(`${retry} is tried again now`, { host: retry });
    return;
  }
  const views = await client.certificates();
  context.answer(views.length === 0 ? 'no certificates' : views.map(describe).join('\n'), views);
}

function describe({ names, kind, state, issuer, notAfterMs, nextAttemptMs, problem, advice }: CertificateView): string {
  const until = notAfterMs === 0 ? '' : ` until ${day(notAfterMs)}`;
  const line = `${names.join(', ')}  ${kind}  ${state}${until}  ${issuer}`;
  if (problem === '') return line;
  const again = nextAttemptMs === 0 ? '' : `; tried again ${new Date(nextAttemptMs).toISOString()}`;
  return `${line}\n    ${problem}. ${advice}${again}`;
}

function day(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}
