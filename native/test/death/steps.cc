#include "test/death/steps.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>

#include "sys/clock.h"

// A system call of the harness's own. The filter knows it by where it returns to.
extern "C" long death_call(long number, long a, long b, long c, long d, long e, long f);
extern "C" const char death_call_returns[];
asm(R"(
.text
.globl death_call
death_call:
  mov %rdi, %rax
  mov %rsi, %rdi
  mov %rdx, %rsi
  mov %rcx, %rdx
  mov %r8, %r10
  mov %r9, %r8
  mov 8(%rsp), %r9
  syscall
.globl death_call_returns
death_call_returns:
  ret
)");

namespace coroipc::death {
namespace {

constexpr long kTrapFlag = 0x100;  // of EFLAGS: trap after one instruction

struct Range {
  std::atomic<uintptr_t> begin{0};  // 0: free
  std::atomic<uintptr_t> end{0};
  bool open = false;
};

struct {
  Page* page = nullptr;
  uint32_t at = 0;
  int signal = 0;
  std::array<Range, 256> shared;
  std::atomic<long> stepping{0};  // the thread whose store is being made
} state;

void protect(const Range& range, int protection) {
  const uintptr_t begin = range.begin;
  death_call(SYS_mprotect, static_cast<long>(begin), static_cast<long>(range.end - begin),
             protection, 0, 0, 0);
}

void step() {
  Page& page = *state.page;
  if (page.armed.load() == 0) return;
  if (page.steps.fetch_add(1) + 1 != state.at) return;
  page.ended_at_ns = sys::now_ns();
  death_call(SYS_kill, getpid(), state.signal, 0, 0, 0, 0);
}

void add(uintptr_t begin, size_t bytes) {
  for (Range& range : state.shared) {
    if (range.begin != 0) continue;
    range.end = begin + bytes;
    range.begin = begin;
    protect(range, PROT_READ);
    return;
  }
  // More than any scenario maps.
  __builtin_trap();
}

void remove(uintptr_t begin, size_t bytes) {
  for (Range& range : state.shared)
    if (range.begin >= begin && range.begin < begin + bytes) range.begin = 0;
}

// The handlers' call of getpid above goes through the filter, too: a call inside of a call.
void on_call(int, siginfo_t*, void* context) {
  greg_t* const registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const long number = registers[REG_RAX];
  const std::array<long, 6> arguments = {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                                         registers[REG_R10], registers[REG_R8],  registers[REG_R9]};
  const auto& [a, b, c, d, e, f] = arguments;
  step();
  const bool rests = number == SYS_poll && static_cast<int>(c) == -1;
  if (rests) state.page->resting = 1;
  if (number == SYS_munmap) remove(static_cast<uintptr_t>(a), static_cast<size_t>(b));
  const long result = death_call(number, a, b, c, d, e, f);
  if (rests) state.page->resting = 0;
  constexpr long kShared = MAP_SHARED;
  const bool mapped = number == SYS_mmap && (result >= 0 || result < -4095);
  if (mapped && (d & kShared) != 0 && (c & PROT_WRITE) != 0 && static_cast<int>(e) >= 0)
    add(static_cast<uintptr_t>(result), static_cast<size_t>(b));
  registers[REG_RAX] = result;
}

void on_store(int number, siginfo_t* info, void* context) {
  const auto at = reinterpret_cast<uintptr_t>(info->si_addr);
  const long self = death_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
  for (Range& range : state.shared) {
    const uintptr_t begin = range.begin;
    if (begin == 0 || at < begin || at >= range.end) continue;
    // One instruction may reach into the next mapping: it is still the same step.
    if (state.stepping != self) {
      step();
      for (long nobody = 0; !state.stepping.compare_exchange_strong(nobody, self); nobody = 0)
        death_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    }
    range.open = true;
    protect(range, PROT_READ | PROT_WRITE);
    static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] |= kTrapFlag;
    return;
  }
  // A fault of the subject's own: it is repeated, and then ends it.
  ::signal(number, SIG_DFL);
}

void on_stored(int, siginfo_t*, void* context) {
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
  for (Range& range : state.shared) {
    if (!range.open) continue;
    range.open = false;
    if (range.begin != 0) protect(range, PROT_READ);
  }
  state.stepping = 0;
}

bool handle(int number, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
  return sigaction(number, &action, nullptr) == 0;
}

#define LOAD(field) \
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offsetof(seccomp_data, field)))
#define SKIP_UNLESS(value, count) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(value), 0, count)
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define LET_PASS(number) SKIP_UNLESS(number, 1), RETURN(SECCOMP_RET_ALLOW)

bool install_filter() {
  const auto ours = reinterpret_cast<uint64_t>(death_call_returns);
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               static_cast<uint32_t>(offsetof(seccomp_data, instruction_pointer))),
      SKIP_UNLESS(ours, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               static_cast<uint32_t>(offsetof(seccomp_data, instruction_pointer) + 4)),
      SKIP_UNLESS(ours >> 32, 1),
      RETURN(SECCOMP_RET_ALLOW),
      LOAD(nr),
      LET_PASS(SYS_rt_sigreturn),
      // Inside a handler it would change the handler's mask, and be undone by its return.
      LET_PASS(SYS_rt_sigprocmask),
      // A new thread cannot begin in the midst of a handler.
      LET_PASS(SYS_clone),
      LET_PASS(SYS_clone3),
      LET_PASS(SYS_rseq),
      LET_PASS(SYS_set_robust_list),
      LET_PASS(SYS_exit),
      LET_PASS(SYS_exit_group),
      LET_PASS(SYS_getpid),
      SKIP_UNLESS(SYS_madvise, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               static_cast<uint32_t>(offsetof(seccomp_data, args) + 2 * sizeof(uint64_t))),
      LET_PASS(MADV_DONTNEED),
      RETURN(SECCOMP_RET_TRAP),
  };
  const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

bool count_steps(Page* page, uint32_t at, int signal) {
  state.page = page;
  state.at = at;
  state.signal = signal;
  return handle(SIGSYS, on_call) && handle(SIGSEGV, on_store) && handle(SIGTRAP, on_stored) &&
         install_filter();
}

}  // namespace coroipc::death
