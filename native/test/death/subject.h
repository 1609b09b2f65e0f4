// The process that dies, or is stopped. It is this same program, started anew for each death, so
// that nothing of one is left to the next.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "test/death/cells.h"
#include "test/death/page.h"

namespace coroipc::death {

struct Plan {
  Cell cell;
  std::string name;  // of the server
  uint32_t at = 0;   // the step that it does not take; 0: it lives
  int signal = 0;
  bool floods = false;  // a client that reads a flood in place of the scenario
};

// How a subject ended.
struct End {
  bool killed = false;  // by the signal it sent itself
  int code = 0;         // otherwise its exit code, or 128 and the signal's number
};

class Subject {
 public:
  explicit Subject(const Plan& plan);
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  ~Subject();  // kills what is left

  [[nodiscard]] Page* page() const { return page_.get(); }
  // Whether it came to where it can be talked to; false: it ended before, or took too long.
  [[nodiscard]] bool ready();
  // Nothing: it lives. Stopped is alive.
  [[nodiscard]] std::optional<End> ended();
  [[nodiscard]] bool stopped();
  // Waits until it ends, or was stopped by itself, or for too long: nothing.
  [[nodiscard]] std::optional<End> wait_for_end();
  void go_on() const;

 private:
  SharedPage page_;
  pid_t pid_ = -1;
  std::optional<End> end_;
  bool stopped_ = false;
};

// main() of such a process. The arguments are those that a Subject gives it.
[[nodiscard]] int run_subject(char** arguments);
inline constexpr const char* kSubjectWord = "subject";

}  // namespace coroipc::death
