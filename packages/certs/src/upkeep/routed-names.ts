import type { RoutedName } from './wanted-names.ts';

/** Which names any route takes that everybody may ask for: exact hosts, and wildcards at any depth. */
export class RoutedNames {
  readonly #hosts = new Set<string>();

  constructor(routes: Iterable<RoutedName>) {
    for (const { host, audience, https } of routes) {
      if (audience === 'everyone' && https.certificate !== 'none') this.#hosts.add(host);
    }
  }

  has(name: string): boolean {
    if (this.#hosts.has(name)) return true;
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      if (this.#hosts.has(`*${name.slice(dot)}`)) return true;
    }
    return false;
  }
}
