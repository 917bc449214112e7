import type { EngineEndpoint } from '@dproxy/core';

/** Why an engine cannot be used, in a sentence for the banner. */
export function describeTrouble(error: unknown, { socketPath, host, port, tls }: EngineEndpoint): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const where = socketPath === '' ? `${host}:${port}` : socketPath;
  if (code === 'ENOENT' && socketPath !== '' && !isCertificateFile(error))
    return `there is no socket ${where}: is Docker installed and running?`;
  if (code === 'EACCES' && socketPath !== '')
    return `no permission for ${where}: add the user to the group that owns it`;
  if (code === 'ECONNREFUSED') return `nothing listens on ${where}: is Docker running?`;
  if (code === 'ENOENT' && tls !== null) return `the client certificates in ${tls.certPath} cannot be read`;
  const message = error instanceof Error ? error.message : String(error);
  return `${where}: ${message.replaceAll(/\p{Cc}/gu, ' ').slice(0, 300)}`;
}

function isCertificateFile(error: unknown): boolean {
  return error instanceof Error && 'path' in error && String(error.path).endsWith('.pem');
}
