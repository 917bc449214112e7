import { type ErrorCode, ProxyError } from '@dproxy/core';

/** What an error says while a connection is being made. */
export function connectError(error: NodeJS.ErrnoException, where: string): ProxyError {
  const code = error.code ?? '';
  return new ProxyError(connectErrorCode(code), `${where}: ${code === '' ? error.message : code}`, { cause: error });
}

function connectErrorCode(code: string): ErrorCode {
  if (code === 'ETIMEDOUT' || code === 'ERR_SOCKET_CONNECTION_TIMEOUT') return 'upstream-connect-timeout';
  if (code === 'ENOTFOUND' || code.startsWith('EAI_') || code === 'ENODATA') return 'upstream-unresolved';
  if (isTlsCode(code)) return 'upstream-tls';
  return 'upstream-refused';
}

/** OpenSSL's verification errors have names of their own, without a common prefix. */
const TLS_CODE = /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|INVALID_|HOSTNAME_MISMATCH|EPROTO)/;

function isTlsCode(code: string): boolean {
  return TLS_CODE.test(code);
}
