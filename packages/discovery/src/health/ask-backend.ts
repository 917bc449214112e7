import { probeGrpc } from './grpc-probe.ts';
import { probeHttp } from './http-probe.ts';
import type { Probe } from './probe.ts';
import { probeTcp } from './tcp-probe.ts';

/** In the way that the check says. */
export const askBackend: Probe = async (target, stop) => {
  const { type, timeoutMs } = target.check;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
  const ask = { http: probeHttp, tcp: probeTcp, grpc: probeGrpc }[type];
  try {
    return await ask(target, signal);
  } catch (error) {
    return signal.aborted ? `no answer within ${timeoutMs} ms` : describe(error);
  }
};

function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'the connection is refused';
  if (code === 'ECONNRESET') return 'the connection breaks off';
  return code ?? message;
}
