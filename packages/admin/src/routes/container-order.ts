import { isImageTag, qualifyImage, type ContainerOrder } from '@dproxy/core';
import { ApiError } from '../answers.ts';

const KEYS: ReadonlySet<string> = new Set(['image', 'tag', 'name', 'engine']);
/** One label of a host name, and a name that engines take (two characters or more). */
const NAME = /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/;
const MAX_SHOWN = 64;

/** The body of `POST /container`. @throws ApiError 400 that says where, what was found and what was expected */
export function readOrder(body: unknown): ContainerOrder {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ApiError(400, `the body is ${show(body)}; expected an object such as {"image":"nginx","tag":"latest"}`);
  }
  const said = new Map(Object.entries(body));
  for (const key of said.keys()) {
    if (!KEYS.has(key)) throw new ApiError(400, `unknown key ${show(key)}; expected ${[...KEYS].join(', ')}`);
  }
  return {
    image: imageOf(said.get('image')),
    tag: tagOf(said.get('tag')),
    name: nameOf(said.get('name')),
    engine: engineOf(said.get('engine')),
  };
}

function imageOf(raw: unknown): string {
  const image = typeof raw === 'string' ? qualifyImage(raw) : undefined;
  if (image !== undefined) return image;
  throw new ApiError(400, `image is ${show(raw)}; expected ${typeof raw === 'string' ? meantBy(raw) : NAMES}`);
}

const NAMES = 'a name such as nginx, or with its registry such as docker.io/library/nginx, without a tag or digest';

/** The two things that people write as they do for an engine: no registry, and the tag behind the image. */
function meantBy(raw: string): string {
  const at = raw.indexOf(':', raw.lastIndexOf('/'));
  const [image, tag] = at < 0 ? [raw, ''] : [raw.slice(0, at), raw.slice(at + 1)];
  const meant = qualifyImage(image) ?? qualifyImage(`docker.io/${image}`);
  if (meant === undefined || (at >= 0 && !isImageTag(tag))) return NAMES;
  return `${JSON.stringify(meant)}${tag === '' ? ', with its registry' : `, and tag: ${JSON.stringify(tag)}`}`;
}

function tagOf(raw: unknown): string {
  if (raw === undefined) return 'latest';
  if (typeof raw === 'string' && isImageTag(raw)) return raw;
  const expected = 'letters, digits, _, - and single dots, at most 128, such as latest or 1.27-alpine';
  throw new ApiError(400, `tag is ${show(raw)}; expected ${expected}`);
}

function nameOf(raw: unknown): string {
  if (raw === undefined) return '';
  if (typeof raw === 'string' && NAME.test(raw)) return raw;
  throw new ApiError(400, `name is ${show(raw)}; expected 2 to 63 lower-case letters, digits and -, such as web-1`);
}

function engineOf(raw: unknown): string {
  if (raw === undefined) return '';
  if (typeof raw === 'string' && raw !== '' && raw.length <= 1_024) return raw;
  throw new ApiError(400, `engine is ${show(raw)}; expected one of the engines of dproxy.yml`);
}

/** Shortened, and without what a terminal would act on. */
function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, MAX_SHOWN);
}
