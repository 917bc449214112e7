import type { DialectInput, Offer } from '../dialect.ts';
import { offersNamed } from '../offers.ts';
import { argumentsOf, isMatcher, nameOf, type Block } from './block.ts';
import { splitMatcher } from './read-matcher.ts';

const KIND = 'lock';
const LOCKS: ReadonlySet<string> = new Set(['basic_auth', 'basicauth', 'forward_auth']);

/**
 * Caddy joins the sites of one name from all containers, so that who asks for a password on one asks for it on all. What a
 * container says about that is offered to the others.
 */
export function locksOf(site: Block, container: DialectInput['container']): readonly Offer[] {
  const { name: from } = container;
  const project = projectOf(container);
  const locks = site.children.filter((block) => LOCKS.has(nameOf(block)));
  return locks.map((block) => {
    const { token } = splitMatcher(block);
    const matcher = site.children.find((other) => isMatcher(other) && nameOf(other) === token);
    return { kind: KIND, name: siteKey(site), value: { block, matcher: matcher ?? null }, from, project };
  });
}

/**
 * The site's own lines, and the locks of others; of those with the same words its own hold. Where hosts belong to projects, only
 * of its own: another's `basic_auth` would lock it, and another's `forward_auth` would be shown its visitors' requests.
 */
export function withForeignLocks(
  site: Block,
  { offers, container, isOwnedByProject = false }: Pick<DialectInput, 'offers' | 'container' | 'isOwnedByProject'>,
): readonly Block[] {
  const said = new Set(site.children.map(({ keys }) => keys.join(' ')));
  const project = projectOf(container);
  const foreign = offersNamed(offers, KIND, siteKey(site)).filter(
    (each) => each.from !== container.name && (!isOwnedByProject || (project !== '' && each.project === project)),
  );
  const added = foreign.flatMap(({ value, from }, index) => {
    const { block, matcher } = value as Lock;
    const key = block.keys.join(' ');
    if (said.has(key)) return [];
    said.add(key);
    const label = `${block.label} of ${from}`;
    if (matcher === null) return [{ ...block, label }];
    // Its matcher may have the name of one that is here.
    const name = `${nameOf(matcher)} ${index}`;
    const keys = [nameOf(block), name, ...argumentsOf(block).slice(1)];
    return [
      { ...block, label, keys },
      { ...matcher, label: `${matcher.label} of ${from}`, keys: [name, ...argumentsOf(matcher)] },
    ];
  });
  return [...site.children, ...added];
}

/** Of compose; empty: none. */
export function projectOf({ labels }: DialectInput['container']): string {
  return labels.get('com.docker.compose.project') ?? '';
}

interface Lock {
  readonly block: Block;
  readonly matcher: Block | null;
}

function siteKey({ keys }: Block): string {
  return keys.join(' ');
}
