import { expect, test } from 'vitest';
import { parseScannerAddress } from '../../src/scanning/scanner-address.ts';

test.each([
  ['clamd://scanner.example.org', { host: 'scanner.example.org', port: 3310 }],
  ['clamd://127.0.0.1:4000/', { host: '127.0.0.1', port: 4000 }],
  ['clamd://[::1]:4000', { host: '::1', port: 4000 }],
  ['clamd+unix:///run/clamav/clamd.ctl', { path: '/run/clamav/clamd.ctl' }],
])('%s is an address of a scanner', (text, address) => {
  expect(parseScannerAddress(text)).toEqual(address);
});

test.each([
  '127.0.0.1:3310',
  'http://127.0.0.1:3310',
  'clamd://',
  'clamd://user@host',
  'clamd://host:port',
  'clamd://host:1/path',
  'clamd+unix://host/path',
  'clamd+unix:///',
  'clamd',
])('%s is none', (text) => {
  expect(parseScannerAddress(text)).toBeUndefined();
});
