import type { Dialect, DialectInput, DialectReading, LabelProblem } from '../dialect.ts';
import type { ReadContext } from './context.ts';
import { HttpReader } from './http-reader.ts';
import { PREFIX, readLabels, type TraefikLabels } from './labels.ts';
import { Offers, offersOf } from './offers.ts';
import { readOptions, type TraefikOptions, type TraefikSettings } from './options.ts';
import { attachmentOn } from './server.ts';
import { show } from '../show.ts';
import { readStreams } from './streams.ts';

/** Traefik's labels, as its Docker provider reads them. */
export function traefik(options: TraefikOptions = {}): Dialect {
  const settings = readOptions(options);
  const configured = readLabels(settings.labels);
  return {
    name: 'traefik',
    read: (input) => readContainer(input, settings, configured),
    offers: (input) => {
      const labels = readLabels(input.labels);
      return isKept(labels, input, settings) === true ? offersOf(labels, input) : [];
    },
    asksOffersByName: true,
    isOwnWord: (kind, name) => kind === 'label' && name.toLowerCase().startsWith(PREFIX),
    isPublicClaim: (kind, name) => kind === 'label' && PUBLIC_CLAIM.test(name),
  };
}

/** What says for which hosts or ports a container answers. `enable` does, too: with it there is a default rule. */
const PUBLIC_CLAIM =
  /^traefik\.(?:enable$|(?:http|tcp|udp)\.routers\.[^.]*(?:$|\.(?:rule|entrypoints|priority)(?:$|\[)))/i;

const NOTHING = { services: [], streams: [], isSilent: false } as const;

function readContainer(input: DialectInput, settings: TraefikSettings, configured: TraefikLabels): DialectReading {
  const labels = readLabels(input.labels);
  const { enable } = labels;
  const kept = isKept(labels, input, settings);
  if (kept !== true) {
    const problems = kept === false ? [] : [kept];
    return { ...NOTHING, enable, network: undefined, problems: enable === false ? labels.report.problems : problems };
  }
  const network = readNetwork(labels, input, settings);
  const offers = new Offers(input, labels);
  const context: ReadContext = { input, settings, labels, configured, offers, network: network.name };
  const reader = new HttpReader(context);
  const services = reader.read();
  const streams = readStreams(context);
  return {
    enable,
    network: network.name,
    services,
    streams: streams.claims,
    isSilent: false,
    problems: [...labels.report.problems, ...network.problems, ...reader.problems, ...streams.problems],
  };
}

/** Whether the container is served at all; a problem when nobody can tell. */
function isKept(
  labels: TraefikLabels,
  input: Pick<DialectInput, 'labels'>,
  settings: TraefikSettings,
): boolean | LabelProblem {
  if (!(labels.enable ?? settings.exposedByDefault)) return false;
  const { constraints } = settings;
  if ('value' in constraints) return constraints.value(input.labels);
  const { message, expected } = constraints.problem;
  return { message: `docker.dialects.traefik.constraints: ${message}`, expected };
}

interface NetworkReading {
  readonly name: string | undefined;
  readonly problems: readonly LabelProblem[];
}

/** A network that is not there does not keep a container from being served: Traefik takes another one, too. */
function readNetwork(labels: TraefikLabels, { container }: DialectInput, settings: TraefikSettings): NetworkReading {
  const wanted = labels.network ?? settings.network;
  if (wanted === undefined || container.networkMode === 'host') return { name: undefined, problems: [] };
  // Its networks are those of another container.
  if (container.networkMode.startsWith('container:')) return { name: wanted, problems: [] };
  const found = attachmentOn(container, wanted);
  if (found !== undefined) return { name: found.network, problems: [] };
  if (labels.network === undefined) return { name: undefined, problems: [] };
  const names = container.attachments.map((each) => each.network).join(', ');
  const message = `traefik.docker.network=${show(wanted)}: it is not on such a network, so another one is used`;
  return { name: undefined, problems: [{ message, expected: names === '' ? 'a network' : `one of: ${show(names)}` }] };
}
