import { compileCondition } from '@dproxy/core';
import { expect } from 'vitest';
import { inputOf } from '../_input-of.ts';
import type { Offer, ServiceClaims } from '../dialect.ts';
import { caddy } from './index.ts';

export const HASH = `$2a$14$${'a'.repeat(53)}`;
export const dialect = caddy({});

export interface Labels {
  readonly [label: string]: string;
}

export function read(labels: Labels, offers: readonly Offer[] = []) {
  return dialect.read(inputOf({ labelled: labels }, { offers }));
}

/** The services of labels that are understood to the last word. */
export function servicesOf(labels: Labels): readonly ServiceClaims[] {
  const { services, problems } = read(labels);
  expect(problems).toEqual([]);
  return services;
}

/** Who of the services answers a request, as the table of routes chooses. */
export function answering(services: readonly ServiceClaims[], path: string, host = 'a.test', method = 'GET') {
  const facts = {
    method,
    host,
    path,
    header: () => [],
    cookie: () => [],
    query: () => [],
    clientAddress: '203.0.113.9',
    isEncrypted: false,
  };
  return services
    .toSorted((a, b) => b.priority - a.priority)
    .find(({ condition }) => condition === null || compileCondition(condition)(facts));
}

/** `port`, `status` or `-> location`, and the types of the filters. */
export function outcome(services: readonly ServiceClaims[], path: string, host?: string, method?: string): string {
  const found = answering(services, path, host, method);
  if (found === undefined) return 'nothing';
  const { answer, port, filters } = found;
  const end =
    answer === undefined ? String(port) : answer.type === 'redirect' ? `-> ${answer.location}` : answer.status;
  return [end, ...filters.map(({ type }) => type)].join(' ');
}

export function messagesOf(labels: Labels): readonly string[] {
  return read(labels).problems.map(({ message, expected }) => `${message} -> ${expected}`);
}
