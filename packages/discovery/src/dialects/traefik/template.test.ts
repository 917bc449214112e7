import { describe, expect, test } from 'vitest';
import { RuleError } from './rule-error.ts';
import { readTemplate } from './template.ts';

const facts = {
  name: 'web-shop',
  containerName: 'shop_web_1',
  labels: new Map([
    ['com.docker.compose.service', 'web'],
    ['host', ''],
  ]),
};

describe('a template', () => {
  test.each([
    ['Host(`{{ normalize .Name }}`)', 'Host(`web-shop`)'],
    ['Host(`{{ .ContainerName | normalize }}.example.com`)', 'Host(`shop-web-1.example.com`)'],
    ['Host(`{{ index .Labels "com.docker.compose.service" }}.lan`)', 'Host(`web.lan`)'],
    ['{{ trimPrefix `shop_` .ContainerName }}', 'web_1'],
    ['{{ .ContainerName | trimSuffix "_1" | replace "_" "-" | upper }}', 'SHOP-WEB'],
    ['{{ default .Name (index .Labels "host") }}', 'web-shop'],
    ['{{ index .Labels "nothing" }}', ''],
    ['{{- .Name -}}', 'web-shop'],
    ['Host(`fixed.example.com`)', 'Host(`fixed.example.com`)'],
  ])('%s', (text, result) => {
    expect(readTemplate(text)(facts)).toBe(result);
  });

  test.each([
    ['{{ if .Name }}x{{ end }}', 'if'],
    ['{{ range .Labels }}', 'range'],
    ['{{ .Labels }}', '.Labels'],
    ['{{ normalise .Name }}', 'normalise'],
    ['{{ normalize }}', 'normalize with 0 values'],
    ['{{ env "HOME" }}', 'env'],
    ['{{ .Name', '{{'],
    ['{{ .Name | "x" }}', 'x'],
    [`{{ ${'('.repeat(40)}.Name${')'.repeat(40)} }}`, 'more parentheses'],
  ])('%s is refused', (text, found) => {
    expect(() => readTemplate(text)).toThrow(RuleError);
    expect(() => readTemplate(text)).toThrow(expect.objectContaining({ found: expect.stringContaining(found) }));
  });
});
