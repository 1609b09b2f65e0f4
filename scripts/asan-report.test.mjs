import { describe, expect, it } from 'vitest';
import { findingsOf } from './asan-report.mjs';

const frame = (number, what) => `    #${number} 0x7fc431cb7ffd in ${what}`;
const NEW = frame(0, 'operator new(unsigned long) ../src/libsanitizer/asan/asan_new_delete.cpp:95');
const VECTOR = frame(1, 'std::vector<int>::push_back(int) /usr/include/c++/12/bits/stl_vector.h:9');
const NODE = frame(2, 'node::Start(int, char**) (/usr/bin/node+0xd32ce0)');
const BINARY = frame(2, 'napi_thing (/x/prebuilds/linux-x64/coroipc_epoll.node+0x12)');
const SOURCE = frame(2, 'coroipc::js::make(int) ../native/js/view.cc:12');

const RULE = '='.repeat(65);
const report = (...blocks) => [`\n${RULE}`, ...blocks, 'SUMMARY: it ended\n'].join('\n\n');
const leak = (...frames) =>
  ['Direct leak of 8 byte(s) in 1 object(s) allocated from:', ...frames].join('\n');

describe('the findings of a report', () => {
  it.each([
    ['by its source', SOURCE],
    ['by its library', BINARY],
  ])('holds a leak of an addon, known %s, with what a container asked for', (_how, ours) => {
    expect(findingsOf(report(leak(NEW, VECTOR, ours, NODE)))).toHaveLength(1);
  });

  it('holds no leak of Node itself, also where an addon called it', () => {
    expect(findingsOf(report(leak(NEW, VECTOR, NODE, SOURCE)))).toEqual([]);
  });

  it('holds every error, whoever made it', () => {
    const error = `==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x1\n${NODE}`;
    expect(findingsOf(report(error))).toHaveLength(1);
    expect(findingsOf('')).toEqual([]);
  });
});
