// Sizes of payloads, by the names that tables give them.
const KIB = 1024;

export const MIB = KIB * KIB;

export const PAYLOADS = [
  { name: '64 B', bytes: 64 },
  { name: '4 KiB', bytes: 4 * KIB },
  { name: '64 KiB', bytes: 64 * KIB },
  { name: '1 MiB', bytes: MIB },
];

export const MESSAGES = [
  { name: '64 B', bytes: 64 },
  { name: '1 KiB', bytes: KIB },
  { name: '4 KiB', bytes: 4 * KIB },
  { name: '64 KiB', bytes: 64 * KIB },
];
