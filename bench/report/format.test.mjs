import { expect, it } from 'vitest';
import { byteRate, duration, perSecond, plain, size } from './format.mjs';

it.each([
  [duration, 0, '0 ns'],
  [duration, 257, '257 ns'],
  [duration, 1000, '1 µs'],
  [duration, 2534, '2.53 µs'],
  [duration, 104_000, '104 µs'],
  [duration, 999_700, '1 ms'],
  [duration, 12_340_000, '12.3 ms'],
  [duration, 2.5e9, '2.5 s'],
  [duration, null, '–'],
  [perSecond, 262_000, '262 k/s'],
  [perSecond, 5_012_345, '5.01 M/s'],
  [perSecond, 12, '12/s'],
  [perSecond, undefined, '–'],
  [byteRate, 3.21e9, '3.21 GB/s'],
  [byteRate, 1e6, '1 MB/s'],
  [size, 64, '64 B'],
  [size, 65536, '64 KiB'],
  [size, 1048576, '1 MiB'],
  [plain, 1_200_000, '1,200,000'],
  [plain, 100, '100'],
  [plain, 3.9, '3.9'],
  [plain, 0.0314, '0.0314'],
  [plain, Number.NaN, '–'],
])('%o of %s is %s', (format, value, told) => expect(format(value)).toBe(told));
