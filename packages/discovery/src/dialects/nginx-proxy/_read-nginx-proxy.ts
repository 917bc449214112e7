import { expect } from 'vitest';
import { inputOf } from '../_input-of.ts';
import { nginxProxy, type NginxProxyOptions } from './index.ts';

type Table = Readonly<Record<string, string>>;
export const LABEL = 'com.github.nginx-proxy.nginx-proxy.';

export function read(
  variables: Table,
  {
    labels = {},
    options = {},
    ...parts
  }: { labels?: Table; options?: NginxProxyOptions; tcpPorts?: number[]; networkMode?: string } = {},
) {
  const dialect = nginxProxy(options);
  const input = inputOf({ variables, labelled: labels, ...parts });
  return dialect.read({ ...input, offers: dialect.offers?.(input) ?? [] });
}

/** The only site of a container with this host. */
export function site(variables: Table, more: Parameters<typeof read>[1] = {}) {
  const { services, problems } = read({ VIRTUAL_HOST: 'a.test', ...variables }, more);
  expect(problems).toEqual([]);
  expect(services).toHaveLength(1);
  return services[0];
}
