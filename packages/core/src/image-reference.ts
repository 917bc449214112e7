const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const QUALIFIED = new RegExp(`^[a-z0-9-]+(?:\\.[a-z0-9-]+)+(?::\\d{1,5})?(?:/${COMPONENT})+$`);
const SHORT = new RegExp(`^${COMPONENT}$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const MAX_IMAGE = 255;

/**
 * `registry/repository[/...]` as itself, and `nginx` as `docker.io/library/nginx`, which is what an engine means by it. Undefined
 * for everything else: with a tag or a digest in it, two names of one image could be told apart here and not by the engine; and
 * `user/app` would leave the registry to whoever reads it.
 */
export function qualifyImage(raw: string): string | undefined {
  if (raw.length > MAX_IMAGE) return undefined;
  if (SHORT.test(raw)) return `docker.io/library/${raw}`;
  return QUALIFIED.test(raw) ? raw : undefined;
}

/** The engine's grammar of a tag (no `:`, `@` or `/`: it can name neither a digest nor another image), without `..`. */
export function isImageTag(raw: string): boolean {
  return TAG.test(raw) && !raw.includes('..');
}
