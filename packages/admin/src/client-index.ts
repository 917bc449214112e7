// `@dproxy/admin/client`: who only asks the API does not load the server, which is most of what a command would start with.
export {
  AdminClient,
  type AdminClientOptions,
  AdminError,
  type AdminErrorReason,
  type BalancerProgress,
  type Health,
  type RouteRow,
  type StreamRow,
} from './client.ts';
export { readToken } from './token.ts';
