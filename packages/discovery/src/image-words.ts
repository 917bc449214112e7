import type { Container } from './container.ts';
import type { Dialect, LabelProblem } from './dialects/dialect.ts';

/** Labels and variables, of a container or of an image. */
export interface Words {
  readonly labels: ReadonlyMap<string, string>;
  readonly env: ReadonlyMap<string, string>;
}

/** `trusted`: what an image says counts; `unknown`: the image cannot be read, so nobody can tell who said what. */
export type ImageWords = Words | 'trusted' | 'unknown';

export const NO_WORDS: Words = { labels: new Map(), env: new Map() };

/** True when the words of its image matter for this container. */
export function makesPublicClaims({ labels, env }: Words, dialects: readonly Dialect[]): boolean {
  return (
    labels.keys().some((name) => isPublicClaim(dialects, 'label', name)) ||
    env.keys().some((name) => isPublicClaim(dialects, 'env', name))
  );
}

interface WordsThatCount extends Words {
  readonly ignored: readonly LabelProblem[];
}

/** threats.md row 43: an image may not claim a host or a public port on its own; whoever creates the container may. */
export function wordsThatCount(
  container: Container,
  imageWords: ImageWords,
  dialects: readonly Dialect[],
): WordsThatCount {
  const { labels, env } = container;
  if (imageWords === 'trusted' || !makesPublicClaims(container, dialects)) return { labels, env, ignored: [] };
  const ignored: LabelProblem[] = [];
  const keep = (kind: 'label' | 'env', said: ReadonlyMap<string, string>, baked: ReadonlyMap<string, string>) =>
    new Map(
      [...said].filter(([name, value]) => {
        const isBaked = imageWords === 'unknown' || baked.get(name) === value;
        if (!isBaked || !isPublicClaim(dialects, kind, name)) return true;
        ignored.push(ignoredWord(kind, name, imageWords === 'unknown' ? '' : container.image));
        return false;
      }),
    );
  const ofImage = imageWords === 'unknown' ? NO_WORDS : imageWords;
  return { labels: keep('label', labels, ofImage.labels), env: keep('env', env, ofImage.env), ignored };
}

/** @param image empty: it cannot be read */
function ignoredWord(kind: 'label' | 'env', name: string, image: string): LabelProblem {
  const word = kind === 'label' ? 'label' : 'variable';
  const why =
    image === ''
      ? 'its image is gone or GET /images is not allowed, so it may be baked in'
      : `it is baked into the image ${image}`;
  return {
    message: `the ${word} ${name} does not count: ${why}`,
    expected: `the ${word} given when the container is created, or docker.trustImages: true`,
  };
}

function isPublicClaim(dialects: readonly Dialect[], kind: 'label' | 'env', name: string): boolean {
  return dialects.some((dialect) => dialect.isPublicClaim(kind, name));
}
