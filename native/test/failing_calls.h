// System calls that fail, for a process that has nothing else to do: the kernel refuses them by a
// filter (seccomp(2)), with the errno that it would give if it had run out of something.
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace coroipc::test {

// A call, by number; and, where `argument` is one, only with that value there.
struct FailingCall {
  long number = 0;
  int argument = -1;
  uint32_t value = 0;
  bool unlike = false;  // with any other value there
};

// From now on this thread's calls fail with `code`; for good. False: the kernel takes no filter.
[[nodiscard]] inline bool fail_calls(const std::vector<FailingCall>& calls, int code) {
  const auto load = [](size_t offset) {
    return sock_filter(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
  };
  const sock_filter refuse =
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(code));
  std::vector<sock_filter> program;
  for (const FailingCall& call : calls) {
    const auto number = static_cast<uint32_t>(call.number);
    program.push_back(load(offsetof(seccomp_data, nr)));
    if (call.argument < 0) {
      program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
      program.push_back(refuse);
      continue;
    }
    const size_t low = offsetof(seccomp_data, args) + static_cast<size_t>(call.argument) * 8;
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3));
    program.push_back(load(low));
    program.push_back(call.unlike
                          ? sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call.value, 1, 0)
                          : sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call.value, 0, 1));
    program.push_back(refuse);
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// What `run` returns, run in a process of its own; -1 when that ended otherwise.
[[nodiscard]] inline int in_a_process(const std::function<int()>& run) {
  const pid_t child = fork();
  if (child == 0) _exit(run());
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

}  // namespace coroipc::test
