import { z } from 'zod';
import { field, flag, integer, readable, required, section, type Read } from '../field.ts';
import { size } from '../units.ts';
import { targets, URL_ } from '../targets.ts';
import { draftOf, type FilterDraft } from './filter-draft.ts';
import { statuses } from './statuses.ts';

const MIRRORED_BODY_BYTES = 65_536;
const PAGE = 'a path such as /{status}.html; {status}, {originalStatus} and {url} are filled in';

const tlsVerify = () =>
  field(flag(), {
    meaning: 'Whether the certificates of these backends are verified',
    default: 'true',
    danger: 'with false, whoever is in between can read and change everything',
  });

/** `errorPages` */
export function errorPages() {
  return section({
    statuses: required(statuses(), { meaning: 'Answers that are replaced: 404, 500-599, or a list' }),
    to: required(targets(), { meaning: 'The backend that has the pages, or a list, as to of a route' }),
    path: field(readable(PAGE, readPage), {
      meaning: 'What is asked of it; {status}, {originalStatus} and {url} are filled in',
      default: '/{status}.html',
    }),
    tlsVerify: tlsVerify(),
  }).transform((value): FilterDraft =>
    draftOf(
      { type: 'errorPages', statuses: value.statuses, backends: [], path: value.path ?? '/{status}.html' },
      value.to,
      value.tlsVerify,
    ),
  );
}

/** `mirror` */
export function mirror() {
  const detailed = section({
    to: required(targets(), {
      meaning: 'The backend that gets a copy of requests, or a list of which one gets it; answers are dropped',
      danger: 'it sees passwords and cookies of users',
    }),
    percent: field(integer(0, 100), {
      meaning: 'Share of the requests that is copied',
      default: '100',
      zero: 'none',
    }),
    maxBody: field(size(0), {
      meaning: 'Requests with a longer body are not copied',
      default: '64KiB',
      zero: 'only requests without a body are',
    }),
    tlsVerify: tlsVerify(),
  }).transform((value): FilterDraft =>
    draftOf(
      {
        type: 'mirror',
        backends: [],
        percent: value.percent ?? 100,
        maxBodyBytes: value.maxBody ?? MIRRORED_BODY_BYTES,
      },
      value.to,
      value.tlsVerify,
    ),
  );
  const short = targets().transform((to): FilterDraft =>
    draftOf({ type: 'mirror', backends: [], percent: 100, maxBodyBytes: MIRRORED_BODY_BYTES }, to),
  );
  return z.union([short, detailed], { error: `${URL_}, a list, or {to, percent, maxBody}` });
}

function readPage(raw: string): Read<string> {
  const filled = raw.replaceAll(/\{(?:status|originalStatus|url)\}/g, '');
  if (/[{}]/.test(filled)) return { problem: 'another word in braces' };
  return /^\/(?!\/)[!-~]*$/.test(raw) && !raw.includes('#') ? { value: raw } : { problem: 'not a path' };
}
