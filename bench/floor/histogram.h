// Counts times in buckets whose width is at most a thousandth of the time (three significant
// digits), as an HDR histogram does: recording costs an index and an increment, however many there
// are. Times below 2048 have a bucket each; above, every power of two is cut into 1024.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

class Histogram {
 public:
  void record(int64_t time) {
    const uint64_t value = static_cast<uint64_t>(std::max<int64_t>(time, 0));
    counts_[index_of(value)] += 1;
    total_ += 1;
    most_ = std::max(most_, value);
  }

  void clear() {
    std::fill(counts_.begin(), counts_.end(), 0);
    total_ = 0;
    most_ = 0;
  }

  [[nodiscard]] uint64_t total() const { return total_; }
  [[nodiscard]] uint64_t most() const { return most_; }

  // The largest time of the bucket that `share` (0 to 1) of all times reach; 0 if there are none.
  [[nodiscard]] uint64_t at(double share) const {
    const double wanted = std::max(1.0, std::ceil(share * static_cast<double>(total_)));
    double seen = 0;
    for (size_t index = 0; index < counts_.size(); ++index) {
      seen += static_cast<double>(counts_[index]);
      if (seen >= wanted) return std::min(last_of(index), most_);
    }
    return most_;
  }

 private:
  static constexpr size_t kSingle = 2048;
  static constexpr size_t kParts = kSingle / 2;
  static constexpr size_t kDoublings = 64 - 11;

  [[nodiscard]] static size_t index_of(uint64_t value) {
    if (value < kSingle) return value;
    const size_t doubling = static_cast<size_t>(std::bit_width(value)) - 11;
    return kSingle + (doubling - 1) * kParts + ((value >> doubling) - kParts);
  }

  [[nodiscard]] static uint64_t last_of(size_t index) {
    if (index < kSingle) return index;
    const size_t doubling = (index - kSingle) / kParts + 1;
    const uint64_t part = (index - kSingle) % kParts + kParts;
    return ((part + 1) << doubling) - 1;
  }

  std::vector<uint64_t> counts_ = std::vector<uint64_t>(kSingle + kDoublings * kParts);
  uint64_t total_ = 0;
  uint64_t most_ = 0;
};

}  // namespace bench
