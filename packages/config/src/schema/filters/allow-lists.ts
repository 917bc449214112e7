import { z } from 'zod';
import { field, integer, oneOrMore, readable, required, section, type Read } from '../field.ts';
import { cidrs } from '../network.ts';
import { readHost } from '../host-name.ts';
import { byClient, clientFields } from './counted-by.ts';
import { draftOf, type FilterDraft } from './filter-draft.ts';

const NAME = 'a host name such as app.example.com, without "*"';

/** `allowHosts` */
export function allowHosts() {
  return oneOrMore(readable(NAME, readName), NAME).transform((hosts): FilterDraft =>
    draftOf({ type: 'allowHosts', hosts }),
  );
}

/** `allowClients` */
export function allowClients() {
  const detailed = section({
    ranges: required(cidrs(), { meaning: 'Address blocks whose clients may come in' }),
    ...clientFields,
    status: field(integer(400, 499), { meaning: 'Status of the answer to others', default: '403' }),
  }).transform((value): FilterDraft =>
    draftOf({ type: 'allowClients', ranges: value.ranges, by: byClient(value), status: value.status ?? 403 }),
  );
  const short = cidrs().transform((ranges): FilterDraft =>
    draftOf({ type: 'allowClients', ranges, by: byClient({}), status: 403 }),
  );
  return z.union([short, detailed], {
    error: 'an address block such as 10.0.0.0/8, a list of them, or {ranges, depth, excluded, status}',
  });
}

function readName(raw: string): Read<string> {
  const host = readHost(raw);
  return 'value' in host && host.value.startsWith('*') ? { problem: 'a wildcard' } : host;
}
