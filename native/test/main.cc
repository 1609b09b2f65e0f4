// Runs the native tests: all of them, or those whose name holds one of the arguments. Prints one
// line a test, below that of a failed one its first failure, and ends with `N passed, N failed`.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "test/test.h"

namespace coroipc::test {
namespace {

struct Entry {
  std::string name;  // "file: test"
  TestFunction function;
};

// Inside a function: tests register themselves before any other file's statics need exist.
std::vector<Entry>& entries() {
  static std::vector<Entry> list;
  return list;
}

std::mutex failures_mutex;
int failures = 0;
std::string first_failure;

// A test that waits for what never comes must end the run with its name, not hang it. Far beyond
// what any test takes, under valgrind too.
constexpr unsigned kStuckSeconds = 600;
char running[256];

void stuck(int) {
  const char* const text = "\nstuck: ";
  static_cast<void>(!write(STDERR_FILENO, text, strlen(text)));
  static_cast<void>(!write(STDERR_FILENO, running, strlen(running)));
  static_cast<void>(!write(STDERR_FILENO, "\n", 1));
  _exit(3);
}

std::string file_name(std::string_view path) {
  path = path.substr(path.rfind('/') + 1);
  return std::string(path.substr(0, path.rfind('.')));
}

bool run(const Entry& entry) {
  snprintf(running, sizeof(running), "%s", entry.name.c_str());
  failures = 0;
  alarm(kStuckSeconds);
  const auto start = std::chrono::steady_clock::now();
  entry.function();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  alarm(0);
  const std::lock_guard lock(failures_mutex);
  printf("%s %s (%.0f ms)\n", failures == 0 ? "ok    " : "FAILED", entry.name.c_str(),
         took.count());
  if (failures > 0) printf("  %s\n", first_failure.c_str());
  fflush(stdout);
  return failures == 0;
}

bool is_chosen(const Entry& entry, int argc, char** argv) {
  return argc < 2 || std::any_of(argv + 1, argv + argc, [&](const char* word) {
           return entry.name.find(word) != std::string::npos;
         });
}

int run_all(int argc, char** argv) {
  signal(SIGALRM, stuck);
  std::vector<Entry>& all = entries();
  std::stable_sort(all.begin(), all.end(),
                   [](const Entry& a, const Entry& b) { return a.name < b.name; });
  int passed = 0;
  int failed = 0;
  for (const Entry& entry : all) {
    if (is_chosen(entry, argc, argv)) ++(run(entry) ? passed : failed);
  }
  printf("%d passed, %d failed\n", passed, failed);
  return passed > 0 && failed == 0 ? 0 : 1;
}

}  // namespace

Registration::Registration(const char* file, const char* name, TestFunction function) {
  entries().push_back({file_name(file) + ": " + name, function});
}

void fail(const char* file, int line, const std::string& what) {
  const std::lock_guard lock(failures_mutex);
  const std::string told = std::string(file) + ":" + std::to_string(line) + ": " + what;
  if (++failures == 1) first_failure = told;
  printf("  %s\n", told.c_str());
  fflush(stdout);
}

}  // namespace coroipc::test

int main(int argc, char** argv) { return coroipc::test::run_all(argc, argv); }
