// The watch on a kernel that cannot wait for several words: a child process forbids itself
// futex_waitv(2), as kernels before 5.16 and some sandboxes do.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>

#include "sys/futex.h"
#include "sys/semaphore_watch.h"
#include "test/test.h"

namespace coroipc::sys {
namespace {

constexpr uint32_t kFutexWaitvCall = 449;

bool forbid_futex_waitv() {
  const std::array<sock_filter, 4> rules = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kFutexWaitvCall, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  std::array<sock_filter, 4> copy = rules;
  const sock_fprog program{copy.size(), copy.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

// The number of the step that failed; 0 when all went well.
int watch_without_futex_waitv() {
  if (!forbid_futex_waitv()) return 1;
  const uint32_t word = 0;
  const std::array<FutexWait, 1> waits = {{{&word, 1}}};
  if (futex_wait_any(waits)) return 2;
  alignas(8) unsigned char raw[Semaphore::kBytes] = {};
  auto* semaphore = reinterpret_cast<Semaphore*>(raw);
  semaphore->init();
  SemaphoreWatch watch;
  auto bell = WatchBell::make();
  if (!bell.ok()) return 3;
  auto handle = watch.add(semaphore, std::make_shared<int>(0), bell.value(), 42);
  if (!handle.ok()) return 4;
  for (int round = 0; round < 20; ++round) {
    if (!watch.arm(handle.value())) return 5;
    semaphore->post();
    pollfd entry{bell.value()->fd(), POLLIN, 0};
    if (poll(&entry, 1, 20'000) != 1) return 6;
    std::vector<uint64_t> fired;
    bell.value()->take_fired(fired);
    if (fired.size() != 1 || fired[0] != 42) return 7;
    if (!semaphore->try_take()) return 8;
  }
  watch.remove(handle.value());
  return watch.threads() == 0 ? 0 : 9;
}

TEST(semaphore_watch_works_where_the_kernel_cannot_wait_for_several_words) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(watch_without_futex_waitv());
  int outcome = 0;
  REQUIRE_EQ(waitpid(child, &outcome, 0), child);
  REQUIRE(WIFEXITED(outcome));
  CHECK_EQ(WEXITSTATUS(outcome), 0);
}

}  // namespace
}  // namespace coroipc::sys
