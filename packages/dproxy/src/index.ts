export { createProxy, type Proxy, type ProxyOptions, type ProxySettings, type ServedAddress } from './create-proxy.ts';
export { PortError } from './decide-listeners.ts';
