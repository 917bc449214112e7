import { expect, test } from 'vitest';
import { containerOf } from './_container-of.ts';
import { choosePort } from './port-choice.ts';

test.each([
  [[80], 80],
  [[9_000], 9_000],
  [[22, 9_000], 9_000],
  [[443, 80], 80],
  [[22, 80, 443], 80],
  [[3_000, 9_229], 3_000],
])('of the TCP ports %j it is %i', (tcpPorts, port) => {
  expect(choosePort(containerOf({ tcpPorts }), undefined)).toEqual({ port });
});

test.each([
  [[], 'it has no TCP port', false],
  [[5_432], 'its only TCP port is 5432, which is never guessed', false],
  [[80, 8_080], 'it has several TCP ports: 80, 8080', true],
  [[443, 9_000], 'it has several TCP ports: 443, 9000', true],
])('of the TCP ports %j none is taken: %s', (tcpPorts, problem, isAmbiguous) => {
  expect(choosePort(containerOf({ tcpPorts }), undefined)).toEqual({ problem, isAmbiguous });
});

test('the port of the label counts in any case, even one that is never guessed', () => {
  expect(choosePort(containerOf({ tcpPorts: [80] }), 5_432)).toEqual({ port: 5_432 });
});

test('on the network of the host no port is guessed', () => {
  expect(choosePort(containerOf({ tcpPorts: [80], networkMode: 'host' }), undefined)).toHaveProperty('problem');
});
