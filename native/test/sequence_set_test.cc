#include "wire/native/sequence_set.h"

#include <random>
#include <set>

#include "test/test.h"

namespace coroipc::wire::native {
namespace {

TEST(sequence_set_does_what_a_set_does) {
  std::mt19937 random(7);
  for (const size_t most : {1, 3, 4, 5, 16, 300}) {
    SequenceSet numbers;
    std::set<uint64_t> model;
    uint64_t last = 0;
    for (int step = 0; step < 20'000; ++step) {
      if (model.size() < most && random() % 2 == 0) {
        // Mostly the next one; now and then far ahead, so that places are shared.
        last += random() % 50 == 0 ? random() % 1000 + 1 : 1;
        numbers.insert(last);
        model.insert(last);
      } else if (!model.empty()) {
        auto one = model.begin();
        if (random() % 3 == 0) std::advance(one, random() % model.size());
        CHECK(numbers.erase(*one));
        CHECK(!numbers.erase(*one));
        model.erase(one);
      }
      REQUIRE_EQ(numbers.size(), model.size());
      CHECK(!numbers.contains(last + 1));
      CHECK(!numbers.contains(0));
      CHECK(!numbers.erase(0));
    }
    for (uint64_t number = 1; number <= last; ++number)
      CHECK_EQ(numbers.contains(number), model.contains(number));
  }
}

}  // namespace
}  // namespace coroipc::wire::native
