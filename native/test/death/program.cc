// Death at every step: see steps.h for what a step is, and judge.h for what is held against it.
//
//   death [--scenario S] [--side client|server] [--wire native|classic-1.4|classic-1.2]
//         [--signal kill|stop] [--every K] [--most N] [--seed SEED]
//
// Every step of every cell, unless K says every K-th, or N that a cell with more steps than N is to
// be tried at N of them. Where the steps begin that are tried is the seed's choice. A line for each
// cell, and the last is `N passed, N failed`.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "test/death/flood.h"
#include "test/death/holdings.h"
#include "test/death/judge.h"
#include "test/death/subject.h"

namespace coroipc::death {
namespace {

struct Options {
  std::optional<size_t> scenario;
  std::optional<size_t> side;
  std::optional<size_t> wire;
  std::optional<std::string> signal;
  uint32_t every = 1;
  uint32_t most = UINT32_MAX;
  unsigned long seed = static_cast<unsigned long>(time(nullptr)) % 1'000'000;
};

bool set(Options& options, const std::string& option, const char* value) {
  const auto named = [&](const auto& names, std::optional<size_t>& into) {
    into = find_name(names, value);
    return into.has_value();
  };
  const auto number = [&](auto& into) {
    into = static_cast<std::remove_reference_t<decltype(into)>>(strtoul(value, nullptr, 10));
    return into > 0;
  };
  if (option == "--scenario") return named(kScenarios, options.scenario);
  if (option == "--side") return named(kSides, options.side);
  if (option == "--wire") return named(kWires, options.wire);
  if (option == "--every") return number(options.every);
  if (option == "--most") return number(options.most);
  if (option == "--seed") return number(options.seed);
  if (option != "--signal") return false;
  options.signal = value;
  return options.signal == "kill" || options.signal == "stop";
}

class Program {
 public:
  explicit Program(const Options& options) : options_(options), random_(options.seed) {}

  int run() {
    printf("seed %lu\n", options_.seed);
    if (options_.signal != "stop") each_cell([&](const Cell& cell) { deaths(cell); });
    if (options_.signal != "kill") {
      each_cell([&](const Cell& cell) { stops(cell); });
      if (!options_.scenario.has_value() && options_.side != size_t{1}) floods();
    }
    tell_latencies("all deaths", all_);
    printf("%d passed, %d failed\n", passed_, failed_);
    return passed_ > 0 && failed_ == 0 ? 0 : 1;
  }

 private:
  template <class Judge>
  void each_cell(Judge&& judge) {
    for (size_t wire = 0; wire < kWires.size(); ++wire)
      for (size_t scenario = 0; scenario < kScenarios.size(); ++scenario)
        for (size_t side = 0; side < kSides.size(); ++side)
          if (options_.wire.value_or(wire) == wire &&
              options_.scenario.value_or(scenario) == scenario &&
              options_.side.value_or(side) == side)
            judge(Cell{scenario, side, wire});
  }

  // Which steps of so many.
  Steps choose(uint32_t steps, uint32_t most) {
    const uint32_t stride = std::max(options_.every, (steps + most - 1) / most);
    return {1 + static_cast<uint32_t>(random_() % stride), stride, steps};
  }

  void deaths(const Cell& cell) {
    Findings findings;
    const uint32_t steps = steps_of(cell);
    if (steps == 0) {
      findings.fail(0, "it fails without a death, too");
    } else {
      const Steps chosen = choose(steps, options_.most);
      judge_deaths(cell, chosen, findings);
      findings.expect(findings.signals > 0, 0, "nobody died");
    }
    all_.insert(all_.end(), findings.latencies_ms.begin(), findings.latencies_ms.end());
    tell("death: " + cell.name(), findings, steps, "deaths");
  }

  // A stop changes nothing that a survivor sees, however often it is tried: fewer will do.
  void stops(const Cell& cell) {
    constexpr uint32_t kMostStops = 25;
    Findings findings;
    const uint32_t steps = steps_of(cell);
    if (steps == 0) {
      findings.fail(0, "it fails without a stop, too");
    } else {
      judge_stops(cell, choose(steps, std::min(options_.most, kMostStops)), findings);
      findings.expect(findings.signals > 0, 0, "nobody stopped");
      // A client that waits for a stopped server sees its waits time out.
      if (cell.who() == Side::kServer && cell.what() != Scenario::kZeroCopy)
        findings.expect(findings.timeouts > 0, 0, "no wait timed out");
    }
    tell("stop: " + cell.name(), findings, steps, "stops");
  }

  void floods() {
    constexpr std::array<const char*, server::kOverflows> kNames = {"queue", "drop-oldest",
                                                                    "reject", "disconnect"};
    for (size_t wire = 0; wire < kWires.size(); ++wire) {
      if (options_.wire.value_or(wire) != wire) continue;
      for (size_t overflow = 0; overflow < kNames.size(); ++overflow) {
        const Cell cell{static_cast<size_t>(Scenario::kOverflow), 0, wire};
        Findings findings;
        judge_flood(static_cast<server::Overflow>(overflow), cell,
                    std::max(options_.every, options_.most == UINT32_MAX ? 1u : 5u), findings);
        findings.expect(findings.signals > 0, 0, "nobody stopped");
        tell(std::string("stop: flood, ") + kNames[overflow] + ", " + std::string(kWires[wire]),
             findings, 0, "stops");
      }
    }
  }

  static void tell_latencies(const std::string& of, std::vector<double> latencies) {
    if (latencies.empty()) return;
    std::sort(latencies.begin(), latencies.end());
    const auto quantile = [&](double q) {
      return latencies[static_cast<size_t>(q * static_cast<double>(latencies.size() - 1))];
    };
    const auto late = std::count_if(latencies.begin(), latencies.end(),
                                    [](double latency) { return latency > 10; });
    printf(
        "       %s: the survivor heard of %zu after p50 %.2f, p99 %.2f, at most %.2f ms; "
        "%td after more than 10 ms\n",
        of.c_str(), latencies.size(), quantile(0.5), quantile(0.99), latencies.back(), late);
  }

  void tell(const std::string& name, const Findings& findings, uint32_t steps,
            const char* signals) {
    const bool passed = findings.failures.empty();
    ++(passed ? passed_ : failed_);
    printf("%s %s (%u %s", passed ? "ok    " : "FAILED", name.c_str(), findings.signals, signals);
    if (steps > 0) printf(" in %u steps", steps);
    printf(")\n");
    tell_latencies("deaths", findings.latencies_ms);
    for (const std::string& failure : findings.failures) printf("  %s\n", failure.c_str());
    fflush(stdout);
  }

  const Options options_;
  std::mt19937 random_;
  std::vector<double> all_;
  int passed_ = 0;
  int failed_ = 0;
};

}  // namespace
}  // namespace coroipc::death

int main(int argc, char** argv) {
  using namespace coroipc::death;
  if (argc == 9 && std::strcmp(argv[1], kSubjectWord) == 0) return run_subject(argv + 1);
  Options options;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc || !set(options, argv[i], argv[i + 1])) {
      fprintf(stderr, "death: what is %s?\n", argv[i]);
      return 2;
    }
  }
  if (!take_shared_names())
    printf("/dev/shm is not ours alone: what others leave there is told too\n");
  return Program(options).run();
}
