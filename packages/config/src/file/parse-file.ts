import { didYouMean, type Origin, type Rejection, type RouteDefinition } from '@dproxy/core';
import type { z } from 'zod';
import { fileSchema } from '../schema/file-schema.ts';
import { describeValue, unknownKey, type Finding } from '../schema/explain-issue.ts';
import { routeEntry } from '../schema/route-entry.ts';
import type { Locations, Path } from '../yaml/locations.ts';
import { readDocument, type ReadableDocument } from '../yaml/read-document.ts';
import { buildRoute } from './build-route.ts';
import { parseFilterLists } from './parse-filter-lists.ts';
import { parseStreams } from './parse-streams.ts';
import { parseTls } from './parse-tls.ts';
import type { Reading } from './reading.ts';
import type { FilterLists } from './filter-lists.ts';
import { findNames, RouteChecks } from './cross-checks.ts';
import { guessRouteId } from './guess-id.ts';
import { collectRejections, type FileSettings, type ParsedFile, type RefusedPart } from './parsed-file.ts';
import { validate, type Validated } from './validate.ts';

/** Sections whose members are independent of each other: a bad one is refused alone. */
const MAPS_OF_PARTS: ReadonlySet<string> = new Set(['listen', 'limits', 'plugins']);

/** Sections whose entries are read one by one. */
const OWN_WAYS: ReadonlySet<string> = new Set(['routes', 'tcp', 'udp', 'filters']);

const KNOWN = Object.keys(fileSchema.shape);

export interface FileText {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** When this text was written, epoch ms: the age of the entries that are seen for the first time. */
  readonly seenMs: number;
}

/**
 * Reads a whole dproxy.yml. Never throws: a syntax error refuses the file (`isReadable: false`), anything else only the
 * entry or key in which it stands.
 */
export function parseFile(file: FileText): ParsedFile {
  const document = readDocument(file.text);
  if (!document.isReadable) {
    const { position, message, expected } = document;
    return refusedFile(file.path, { source: file.path, ...position, message, expected });
  }
  const { value } = document;
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) {
    const message = `the document is ${describeValue(value)}`;
    const expected = `a map with the keys ${KNOWN.join(', ')}`;
    return refusedFile(file.path, { source: file.path, line: 1, column: 1, message, expected });
  }
  return new FileParser(file, document).parse((value ?? {}) as Readonly<Record<string, unknown>>);
}

/**
 * The section that an unknown key stands for: `routs:` is taken as refused routes, so that a slip of the finger in a running
 * system keeps the last good ones instead of dropping all.
 */
function meantSection(key: string, root: Readonly<Record<string, unknown>>): string {
  const meant = didYouMean(key, KNOWN);
  return meant === undefined || Object.hasOwn(root, meant) ? key : meant;
}

/** A file that is not there and never was: nothing is wrong with that. */
export function absentFile(path: string): ParsedFile {
  return { path, isReadable: true, settings: {}, definitions: [], tcp: [], udp: [], refused: [], rejected: [] };
}

/** A file that cannot be used at all. */
export function refusedFile(path: string, rejection: Rejection): ParsedFile {
  const refused = [{ section: '', name: '', index: -1, id: '', rejections: [rejection] }];
  return { path, isReadable: false, settings: {}, definitions: [], tcp: [], udp: [], refused, rejected: [rejection] };
}

class FileParser {
  readonly #file: FileText;
  readonly #document: ReadableDocument;
  readonly #locations: Locations;
  readonly #refused: RefusedPart[] = [];
  readonly #settings: Record<string, unknown> = {};

  constructor(file: FileText, document: ReadableDocument) {
    this.#file = file;
    this.#document = document;
    this.#locations = document.locations;
  }

  parse(root: Readonly<Record<string, unknown>>): ParsedFile {
    this.#refuseFlawsAtTheTop();
    for (const [key, value] of Object.entries(root)) {
      if (!Object.hasOwn(fileSchema.shape, key)) {
        const section = meantSection(key, root);
        this.#refuse({ section }, [unknownKey([key], KNOWN)]);
        if (section === 'tls') this.#settings['tls'] = parseTls(value, key, this.#reading());
      } else if (key === 'tls' && value !== null) {
        this.#settings['tls'] = parseTls(value, key, this.#reading());
      } else if (value !== null && !OWN_WAYS.has(key)) {
        // A key without a value (all of its entries commented out) says nothing.
        this.#parseSection(key as keyof typeof fileSchema.shape, value);
      }
    }
    const settings = this.#settings as FileSettings;
    this.#refuseFlawsBetweenParts('filters');
    const lists = parseFilterLists(root['filters'] ?? {}, this.#reading());
    const definitions = this.#parseRoutes(root['routes'] ?? [], root, lists);
    const streams = parseStreams(root, {
      ...this.#reading(),
      source: `file:${this.#file.path}`,
      seenMs: this.#file.seenMs,
      settings,
    });
    if (streams.allowedPorts !== undefined) this.#settings['allowedPorts'] = streams.allowedPorts;
    const { tcp, udp } = streams;
    const refused = this.#refused;
    const rejected = collectRejections(refused);
    return { path: this.#file.path, isReadable: true, settings, definitions, tcp, udp, refused, rejected };
  }

  #reading(): Reading {
    return {
      validate: (schema, value, path) => this.#validate(schema, value, path),
      refuse: (part, findings) => this.#refuse(part, findings),
      lineOf: (path) => this.#locations.ofValue(path).line,
    };
  }

  #parseSection(key: keyof typeof fileSchema.shape, value: unknown): void {
    const schema: z.ZodType = fileSchema.shape[key];
    if (!MAPS_OF_PARTS.has(key) || typeof value !== 'object' || value === null || Array.isArray(value)) {
      const result = this.#validate(schema, value, [key]);
      if ('findings' in result) this.#refuse({ section: key }, result.findings);
      else this.#settings[key] = result.value;
      return;
    }
    this.#refuseFlawsBetweenParts(key);
    const parts: Record<string, unknown> = {};
    for (const [name, part] of Object.entries(value)) {
      const single = Object.assign(Object.create(null) as object, { [name]: part });
      const result = this.#validate(schema, single, [key], [key, name]);
      if ('findings' in result) this.#refuse({ section: key, name }, result.findings);
      else Object.assign(parts, result.value);
    }
    this.#settings[key] = parts;
  }

  /** Flaws that lie in none of the parts. */
  #refuseFlawsBetweenParts(key: string): void {
    for (const flaw of this.#document.flaws) {
      const [section, name] = flaw.path;
      if (section !== key || (name !== undefined && name !== '__proto__')) continue;
      this.#refuse({ section: key, name: '__proto__' }, [{ ...flaw, isKey: true }]);
    }
  }

  #parseRoutes(list: unknown, root: Readonly<Record<string, unknown>>, lists: FilterLists): RouteDefinition[] {
    const checks = new RouteChecks({
      listeners: ['http', 'https', ...findNames(root['listen'])],
      plugins: findNames(root['plugins']),
    });
    const definitions: RouteDefinition[] = [];
    for (const [index, raw] of this.#entries('routes', list)) {
      const path = ['routes', index];
      const result = this.#validate(routeEntry, raw, path);
      const entry = 'value' in result ? result.value : undefined;
      const filters = lists.expand(entry?.filters ?? [], [...path, 'filters']);
      const findings = [
        ...('findings' in result ? result.findings : []),
        ...('findings' in filters ? filters.findings : []),
      ];
      if (findings.length === 0 && entry !== undefined) findings.push(...checks.find(entry, this.#origin(path)));
      if (findings.length > 0 || entry === undefined || 'findings' in filters) {
        this.#refuse({ section: 'routes', index, id: guessRouteId(raw) }, findings);
        continue;
      }
      definitions.push(buildRoute(entry, filters.value, this.#origin(path), this.#file.seenMs));
    }
    return definitions;
  }

  #entries(section: 'routes', list: unknown): Iterable<[number, unknown]> {
    if (Array.isArray(list)) return list.entries();
    const message = `${section}: found ${describeValue(list)}`;
    this.#refuse({ section }, [
      { path: [section], isKey: false, message, expected: 'a list: each entry begins with "- "' },
    ]);
    return [];
  }

  /** `scope` is what a flaw must lie in to count; it is narrower than `base` for one part of a map. */
  #validate<T>(schema: z.ZodType<T>, value: unknown, base: Path, scope = base): Validated<T> {
    const flaws = this.#document.flaws.filter((flaw) => scope.every((step, index) => flaw.path[index] === step));
    if (flaws.length > 0) return { findings: flaws.map((flaw) => ({ ...flaw, isKey: true })) };
    return validate(schema, value, base);
  }

  #refuseFlawsAtTheTop(): void {
    for (const flaw of this.#document.flaws) {
      const isTop = flaw.path.length === 0 || flaw.path[0] === '__proto__';
      if (isTop) this.#refuse({ section: '__proto__' }, [{ ...flaw, isKey: true }]);
    }
  }

  #refuse(part: Partial<RefusedPart>, findings: readonly Finding[]): void {
    const rejections = findings.map((finding) => this.#locate(finding));
    this.#refused.push({ section: '', name: '', index: -1, id: '', ...part, rejections });
  }

  #locate({ path, isKey, message, expected }: Finding): Rejection {
    const { line, column } = isKey ? this.#locations.ofKey(path) : this.#locations.ofValue(path);
    return { source: this.#file.path, line, column, message, expected };
  }

  #origin(path: readonly [string, number] | readonly (string | number)[]): Origin {
    const { line } = this.#locations.ofValue(path);
    return { source: `file:${this.#file.path}`, name: `${path[0]}[${path[1]}]`, line, project: '' };
  }
}
