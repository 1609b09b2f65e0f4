// Reads numbers and prints what the histogram makes of them: for its test, which knows another one.
#include <cinttypes>
#include <cstdio>

#include "histogram.h"

int main() {
  bench::Histogram histogram;
  int64_t number = 0;
  while (scanf("%" SCNd64, &number) == 1) histogram.record(number);
  printf("{\"total\": %" PRIu64 ", \"most\": %" PRIu64, histogram.total(), histogram.most());
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    printf(", \"%g\": %" PRIu64, percent, histogram.at(percent / 100));
  }
  printf("}\n");
}
