// A set of the numbers of requests in flight. They are given out in order and come back in any, so
// few are held at a time: an open table, which grows with the most that ever were, and allocates
// nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace coroipc::wire::native {

class SequenceSet {
 public:
  [[nodiscard]] size_t size() const { return size_; }

  // A peer may ask for 0, which is in no set and marks a free place here.
  [[nodiscard]] bool contains(uint64_t number) const {
    return number != 0 && slots_[find(number)] == number;
  }

  // Precondition of both functions: the number is not 0.
  void insert(uint64_t number) {
    if (contains(number)) return;
    if (2 * (size_ + 1) > slots_.size()) grow();
    slots_[find(number)] = number;
    ++size_;
  }

  bool erase(uint64_t number) {
    size_t hole = find(number);
    if (slots_[hole] != number) return false;
    --size_;
    // What was pushed past this place by it moves back, so that every search still ends at a 0.
    for (size_t at = next(hole); slots_[at] != 0; at = next(at)) {
      const size_t home = place(slots_[at]);
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = 0;
    return true;
  }

 private:
  [[nodiscard]] size_t mask() const { return slots_.size() - 1; }
  // Numbers that follow each other lie side by side.
  [[nodiscard]] size_t place(uint64_t number) const { return number & mask(); }
  [[nodiscard]] size_t next(size_t at) const { return (at + 1) & mask(); }
  // Where the number is, or the 0 where it would be.
  [[nodiscard]] size_t find(uint64_t number) const {
    size_t at = place(number);
    while (slots_[at] != 0 && slots_[at] != number) at = next(at);
    return at;
  }
  void grow() {
    std::vector<uint64_t> old(slots_.size() * 2);
    old.swap(slots_);
    for (const uint64_t number : old)
      if (number != 0) slots_[find(number)] = number;
  }

  std::vector<uint64_t> slots_ = std::vector<uint64_t>(8);
  size_t size_ = 0;
};

}  // namespace coroipc::wire::native
