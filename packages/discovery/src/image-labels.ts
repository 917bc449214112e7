import type { Container } from './container.ts';
import type { Dialect } from './dialects/dialect.ts';
import { native } from './dialects/native.ts';

/** `trusted`: what an image says counts; `unknown`: the image cannot be read, so nobody can tell who said what. */
export type ImageLabels = ReadonlyMap<string, string> | 'trusted' | 'unknown';

/** The label languages; each reads the labels that begin with its own words. */
const DIALECTS: readonly Dialect[] = [native];

/** True when the labels of its image matter for this container. */
export function makesPublicClaims(container: Container): boolean {
  return [...container.labels.keys()].some(isPublicClaim);
}

interface LabelsThatCount {
  readonly labels: ReadonlyMap<string, string>;
  readonly ignored: readonly { readonly message: string; readonly expected: string }[];
}

/** threats.md row 43: an image may not claim a host on its own; whoever creates the container may. */
export function labelsThatCount({ labels, image }: Container, imageLabels: ImageLabels): LabelsThatCount {
  if (imageLabels === 'trusted') return { labels, ignored: [] };
  const kept = new Map(labels);
  const ignored: { message: string; expected: string }[] = [];
  for (const [label, value] of labels) {
    const isBaked = imageLabels === 'unknown' || imageLabels.get(label) === value;
    if (!isBaked || !isPublicClaim(label)) continue;
    kept.delete(label);
    const why =
      imageLabels === 'unknown'
        ? 'its image is gone or GET /images is not allowed, so it may be baked in'
        : `it is baked into the image ${image}`;
    ignored.push({
      message: `the label ${label} does not count: ${why}`,
      expected: 'the label given when the container is created, or docker.trustImages: true',
    });
  }
  return { labels: kept, ignored };
}

function isPublicClaim(label: string): boolean {
  return DIALECTS.some((dialect) => dialect.isPublicClaim('label', label));
}
