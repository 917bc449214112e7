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

/** What a container says, as far as it counts. */
export interface CountedWords extends Words {
  /** Public claims of its image. */
  readonly ignored: readonly LabelProblem[];
  /** The dialects that find words of theirs, in their order. */
  readonly spoken: readonly Dialect[];
}

/** threats.md row 43: an image may not claim a host or a public port on its own; whoever creates the container may. */
export function countWords(container: Container, imageWords: ImageWords, dialects: readonly Dialect[]): CountedWords {
  const ignored: LabelProblem[] = [];
  const keep = (kind: 'label' | 'env', said: ReadonlyMap<string, string>, baked: ReadonlyMap<string, string>) => {
    if (imageWords === 'trusted') return said;
    const claims = [...said].filter(
      ([name, value]) => (imageWords === 'unknown' || baked.get(name) === value) && isPublicClaim(dialects, kind, name),
    );
    if (claims.length === 0) return said;
    const kept = new Map(said);
    for (const [name] of claims) {
      kept.delete(name);
      ignored.push(ignoredWord(kind, name, imageWords === 'unknown' ? '' : container.image));
    }
    return kept;
  };
  const { labels: bakedLabels, env: bakedEnv } = typeof imageWords === 'string' ? NO_WORDS : imageWords;
  const labels = keep('label', container.labels, bakedLabels);
  const env = keep('env', container.env, bakedEnv);
  return { labels, env, ignored, spoken: dialects.filter((dialect) => speaks(dialect, { labels, env })) };
}

/** Whether this container says anything in this language. */
function speaks(dialect: Dialect, { labels, env }: Words): boolean {
  return (
    labels.keys().some((name) => dialect.isOwnWord('label', name)) ||
    env.keys().some((name) => dialect.isOwnWord('env', name))
  );
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
