export { DnsTestServer, type DnsTestRecord } from './dns-server.ts';
export { startFakeApi, type FakeApi, type FakeApiAnswer, type FakeApiRequest } from './fake-api.ts';
export { BindServer, type BindKey, type BindZone } from './bind-server.ts';
