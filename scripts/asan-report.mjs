// What AddressSanitizer's reports say that is of interest here; see test-asan.mjs.

const FRAME = /^ {4}#\d+ 0x[0-9a-f]+ .*$/gm;
// By its source where there are symbols, else by its library.
const ours = (frame) => /coroipc\w*\.node|\/native\/\w+\/.*\.(cc|h):\d/.test(frame);
// The allocation functions, and the containers that call them, stand above who asked for memory;
// Node's own C++ face is a part of the addon that includes it.
const isAllocator = (frame) =>
  /libsanitizer|lib(asan|stdc\+\+)\.so| std::| operator (new|delete)|__gnu_cxx| Napi::/.test(
    frame,
  ) && !ours(frame);

// Whether a leak's memory was asked for by an addon: the first frame that is no allocator's.
function isOurLeak(block) {
  const frames = block.match(FRAME) ?? [];
  const first = frames.find((frame) => !isAllocator(frame));
  return first !== undefined && ours(first);
}

/** What a sanitizer's report finds: its errors, and the leaks that are ours. */
export function findingsOf(report) {
  const errors = report.split(/^=+$/m).filter((part) => /ERROR: AddressSanitizer/.test(part));
  const leaks = report
    .split('\n\n')
    .filter((block) => /^(Direct|Indirect) leak of/m.test(block) && isOurLeak(block));
  return [...errors, ...leaks];
}
