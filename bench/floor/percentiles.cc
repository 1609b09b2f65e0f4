// Reads numbers and prints what the histogram makes of them: for its test, which knows another one.
#include <cinttypes>
#include <cstdio>

#include "histogram.h"

int main() {
  bench::Histogram histogram;
  int64_t number = 0;
  while (scanf("%" SCNd64, &number) == 1) histogram.record(number);
  printf("{\"total\": %" PRIu64 ", \"most\": %" PRIu64, histogram.total(), histogram.most());
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    printf(", \"%g\": %" PRIu64, share, histogram.at(share));
  }
  printf("}\n");
}
