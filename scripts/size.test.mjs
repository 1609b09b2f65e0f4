import { describe, expect, it } from 'vitest';
import { cppFunctions } from './size/cpp.mjs';
import { typescriptFunctions } from './size/typescript.mjs';

const briefly = (list) => list.map(({ name, line, length }) => [name, line, length]);

describe('the lengths of C++ functions', () => {
  it('finds functions, methods, constructors and operators, and nothing else', () => {
    const text = `#include "a.h"
namespace a::b {
struct Point { int x; int y{0}; };
enum class Way : int { kUp = 1 };
constexpr int kTable[] = {1, 2};
const std::map<int, int> kMap = make({1, 2});
class alignas(64) Ring {
 public:
  Ring(int size) : size_{size}, name_("{") {
    open();
  }
  ~Ring();
  bool operator==(const Ring& other) const { return size_ == other.size_; }

 private:
  int size_;
};
// A comment with a { brace and a ( parenthesis.
Ring::~Ring() {
  auto close = [this] {
    if (size_ > 0) {
      done('}');
    }
  };
  close();
}
[[nodiscard]] auto count(std::span<const int> values) -> int {
  for (int value : values) use(value);
  return 1;
}
extern "C" {
void plain(void) {}
}
}  // namespace a::b
`;
    expect(briefly(cppFunctions(text))).toEqual([
      ['Ring', 9, 3],
      ['operator==', 13, 1],
      ['Ring::~Ring', 19, 8],
      ['count', 27, 4],
      ['plain', 32, 1],
    ]);
  });

  it('measures a long one', () => {
    const text = `int f() {\n${'  g();\n'.repeat(120)}}\n`;
    expect(briefly(cppFunctions(text))).toEqual([['f', 1, 122]]);
  });
});

it('measures the functions of TypeScript', () => {
  const text = `export class A {
  get b(): number {
    return 1;
  }
  constructor() {}
}
const c = (): void => {
  [1].map((x) => x);
};
declare function d(): void;
`;
  expect(briefly(typescriptFunctions(text))).toEqual([
    ['b', 2, 3],
    ['constructor', 5, 1],
    ['c', 7, 3],
    ['(function)', 8, 1],
  ]);
});
