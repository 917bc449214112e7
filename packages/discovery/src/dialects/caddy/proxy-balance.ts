import {
  canonicalFieldName,
  DEFAULT_BALANCE,
  type BalancePolicy,
  type HashKey,
  type PassiveEjection,
} from '@dproxy/core';
import { argumentsOf, type Block } from './block.ts';
import type { Report } from './report.ts';
import { first, milliseconds } from './values.ts';

/** What Caddy calls its cookie when nobody names it. */
const COOKIE = 'lb';

/** `lb_policy <name> [...]` */
export function readPolicy(block: Block, report: Report): Pick<BalancePolicy, 'strategy' | 'hashBy' | 'sticky'> {
  const [name = '', word = ''] = argumentsOf(block);
  const plain = (strategy: BalancePolicy['strategy']) => ({ ...DEFAULT_BALANCE, strategy });
  const hash = (hashBy: HashKey) => ({ ...DEFAULT_BALANCE, strategy: 'hash' as const, hashBy });
  const field = canonicalFieldName(word);
  switch (name) {
    case 'round_robin':
      return DEFAULT_BALANCE;
    case 'random':
    case 'first':
      return plain(name);
    case 'least_conn':
      return plain('leastConnections');
    case 'random_choose':
      return plain('powerOfTwo');
    case 'ip_hash':
    case 'client_ip_hash':
      return hash({ type: 'client' });
    case 'uri_hash':
      return hash({ type: 'path' });
    case 'header':
      if (field !== undefined) return hash({ type: 'header', name: field });
      break;
    case 'query':
      if (word !== '') return hash({ type: 'query', name: word });
      break;
    case 'cookie':
      return { ...DEFAULT_BALANCE, sticky: stickyCookie(field === undefined ? COOKIE : word) };
    default:
      break;
  }
  report.note(
    block,
    `the policy ${name}`,
    'round_robin, random, first, least_conn, ip_hash, uri_hash, header, query, cookie',
  );
  return DEFAULT_BALANCE;
}

function stickyCookie(name: string): NonNullable<BalancePolicy['sticky']> {
  return { name, path: '/', domain: '', secure: false, httpOnly: true, sameSite: '', maxAgeS: 0 };
}

/** `fail_duration`, `max_fails` and `unhealthy_status`; without the first Caddy passes nobody over. */
export function readEjection(lines: ReadonlyMap<string, Block>): PassiveEjection | null {
  const durationMs = milliseconds(lines.get('fail_duration'));
  if (durationMs === 0) return null;
  const fails = Number(first(lines.get('max_fails')) || '1');
  return {
    failures: Number.isInteger(fails) && fails >= 1 ? fails : 1,
    windowMs: durationMs,
    ejectMs: durationMs,
    statuses: first(lines.get('unhealthy_status')).startsWith('5'),
  };
}
