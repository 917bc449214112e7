import { newConnections, plainHttp, secureHttp, type Load } from './loads.ts';

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly isSecure: boolean;
  readonly load: Load;
  /** Subjects that cannot speak this are left out. */
  readonly needs: 'http' | 'https' | 'h2';
}

export function scenarios(connections: number): readonly Scenario[] {
  const keepAlive = `keep-alive, ${connections} connections`;
  const http = { isSecure: false, needs: 'http' } as const;
  const https = { isSecure: true, needs: 'https' } as const;
  const h2 = { isSecure: true, needs: 'h2' } as const;
  return [
    { ...http, name: 'small', title: `/small, ${keepAlive}`, load: plainHttp('/small', connections) },
    {
      ...http,
      name: 'new',
      title: `/small, a new connection each, ${connections} at a time`,
      load: plainHttp('/small', connections, ['Connection: close']),
    },
    { ...http, name: '64k', title: `/64k, ${keepAlive}`, load: plainHttp('/64k', connections) },
    {
      ...https,
      name: 'tls',
      title: `/small over TLS, ${keepAlive}`,
      load: secureHttp('/small', { connections, streams: 0 }),
    },
    { ...https, name: 'tls-new', title: '/small, a new TLS connection each', load: newConnections('/small', false) },
    {
      ...https,
      name: 'tls-resumed',
      title: '/small, a resumed TLS connection each',
      load: newConnections('/small', true),
    },
    {
      ...h2,
      name: 'h2',
      title: '/small over HTTP/2, 16 connections x 16 streams',
      load: secureHttp('/small', { connections: 16, streams: 16 }),
    },
    {
      ...h2,
      name: 'h2-64k',
      title: '/64k over HTTP/2, 16 connections x 16 streams',
      load: secureHttp('/64k', { connections: 16, streams: 16 }),
    },
  ];
}
