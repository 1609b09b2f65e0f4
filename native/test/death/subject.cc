#include "test/death/subject.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "sys/clock.h"
#include "test/death/flood.h"
#include "test/death/player.h"
#include "test/death/service.h"
#include "test/death/steps.h"

namespace coroipc::death {

namespace {

constexpr int64_t kPatienceNs = 20'000'000'000;
constexpr int64_t kPauseUs = 50;

// Codes of a subject that was not killed.
enum Code { kDone = 0, kNoTraps = 10, kNotServing = 11, kNotConnected = 12, kBadPlay = 13 };

int play(const Plan& plan, Page* page) {
  Player player(plan.name, plan.cell.over());
  if (plan.floods) return read_flood(player, plan, page) ? kDone : kBadPlay;
  if (plan.cell.what() != Scenario::kConnect && player.connect() != Status::kOk)
    return kNotConnected;
  page->armed = 1;
  const Status played = player.play(plan.cell.what());
  page->armed = 0;
  return played == Status::kOk && !player.deceived() ? kDone : kBadPlay;
}

int serve_until_killed(const Plan& plan, Page* page) {
  test::ServingLoop loop(serve);
  if (!loop.start([&](server::Options& options) {
        options.name = plan.name;
        options.spin_us = 0;
      }))
    return kNotServing;
  page->ready = 1;
  for (;;) pause();
}

}  // namespace

Subject::Subject(const Plan& plan) {
  const std::array<std::string, 8> words = {kSubjectWord,
                                            std::to_string(plan.cell.scenario),
                                            std::to_string(plan.cell.side),
                                            std::to_string(plan.cell.wire),
                                            plan.name,
                                            std::to_string(plan.at),
                                            std::to_string(plan.signal),
                                            std::to_string(plan.floods ? 1 : 0)};
  std::array<char*, words.size() + 2> arguments{};
  arguments[0] = const_cast<char*>("death");
  for (size_t i = 0; i < words.size(); ++i) arguments[i + 1] = const_cast<char*>(words[i].c_str());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, page_.fd(), kPageFd);
  if (posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments.data(), environ) != 0)
    abort();
  posix_spawn_file_actions_destroy(&actions);
}

Subject::~Subject() {
  if (ended().has_value()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::optional<End> Subject::ended() {
  if (end_.has_value()) return end_;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG | WUNTRACED) != pid_) return std::nullopt;
  if (WIFSTOPPED(status)) {
    stopped_ = true;
    return std::nullopt;
  }
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  end_ = End{killed && page_->ended_at_ns != 0,
             WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
  return end_;
}

bool Subject::stopped() {
  (void)ended();
  return stopped_;
}

bool Subject::ready() {
  for (const int64_t end = sys::now_ns() + kPatienceNs; sys::now_ns() < end; usleep(kPauseUs)) {
    if (page_->ready != 0) return true;
    if (ended().has_value()) return false;
  }
  return false;
}

std::optional<End> Subject::wait_for_end() {
  for (const int64_t end = sys::now_ns() + kPatienceNs; sys::now_ns() < end; usleep(kPauseUs))
    if (ended().has_value() || stopped_) break;
  return end_;
}

void Subject::go_on() const { kill(pid_, SIGCONT); }

int run_subject(char** arguments) {
  const auto number = [&](int i) { return strtoul(arguments[i], nullptr, 10); };
  const Plan plan{{number(1), number(2), number(3)},
                  arguments[4],
                  static_cast<uint32_t>(number(5)),
                  static_cast<int>(number(6)),
                  number(7) != 0};
  SharedPage page(kPageFd);
  if (!count_steps(page.get(), plan.at, plan.signal)) return kNoTraps;
  return plan.cell.who() == Side::kClient ? play(plan, page.get())
                                          : serve_until_killed(plan, page.get());
}

}  // namespace coroipc::death
