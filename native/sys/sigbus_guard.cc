#include "sys/sigbus_guard.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <vector>

namespace coroipc::sys::sigbus_guard {

namespace {

constexpr uint32_t kSlots = 65536;

struct Range {
  std::atomic<uintptr_t> begin{0};  // 0: free
  std::atomic<uintptr_t> end{0};
  std::atomic<bool> torn{false};
};

// Ranges are found by the handler without a lock; the rest is under `mutex`. It is never
// destroyed: the handler may run as long as the process does.
struct Guard {
  std::array<Range, kSlots> ranges;
  std::atomic<uint32_t> used{0};  // slots from here on were never taken
  std::mutex mutex;
  std::vector<uint32_t> free;
  bool installed = false;
  struct sigaction before {};
  uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
};

std::atomic<Guard*> guard_for_handler{nullptr};

Guard& guard() {
  static Guard* const the = new Guard;
  return *the;
}

bool mend(Guard& the, uintptr_t address) {
  const uint32_t used = the.used.load(std::memory_order_acquire);
  for (uint32_t slot = 0; slot < used; ++slot) {
    Range& range = the.ranges[slot];
    const uintptr_t begin = range.begin.load(std::memory_order_acquire);
    if (begin == 0 || address < begin || address >= range.end.load(std::memory_order_relaxed))
      continue;
    range.torn.store(true, std::memory_order_release);
    void* page = reinterpret_cast<void*>(address & ~(the.page - 1));
    return mmap(page, the.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                0) != MAP_FAILED;
  }
  return false;
}

void on_sigbus(int signal, siginfo_t* info, void* context) {
  Guard& the = *guard_for_handler.load(std::memory_order_acquire);
  const int saved = errno;
  const bool mended = mend(the, reinterpret_cast<uintptr_t>(info->si_addr));
  errno = saved;
  if (mended) return;
  if ((the.before.sa_flags & SA_SIGINFO) != 0) {
    the.before.sa_sigaction(signal, info, context);
  } else if (the.before.sa_handler == SIG_DFL || the.before.sa_handler == SIG_IGN) {
    // What somebody sent, and not a touch, may be ignored.
    const bool sent = info->si_code <= 0;
    if (sent && the.before.sa_handler == SIG_IGN) return;
    // A touch is repeated on return, and then meets the disposition that was there before; what was
    // sent has to be sent again.
    sigaction(SIGBUS, &the.before, nullptr);
    if (sent) raise(signal);
  } else {
    the.before.sa_handler(signal);
  }
}

Outcome install(Guard& the) {
  if (the.installed) return Nothing{};
  guard_for_handler.store(&the, std::memory_order_release);
  struct sigaction action {};
  action.sa_sigaction = on_sigbus;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGBUS, &action, &the.before) != 0) return system_failure("sigaction");
  the.installed = true;
  return Nothing{};
}

}  // namespace

Result<uint32_t> add(void* at, size_t bytes) {
  Guard& the = guard();
  const std::lock_guard lock(the.mutex);
  if (Outcome outcome = install(the); !outcome.ok()) return outcome.failure();
  uint32_t slot = the.used.load(std::memory_order_relaxed);
  if (!the.free.empty()) {
    slot = the.free.back();
    the.free.pop_back();
  } else if (slot == kSlots) {
    return Failure{Status::kErrNoResources};
  }
  Range& range = the.ranges[slot];
  const uintptr_t begin = reinterpret_cast<uintptr_t>(at);
  range.torn.store(false, std::memory_order_relaxed);
  range.end.store(begin + bytes, std::memory_order_relaxed);
  range.begin.store(begin, std::memory_order_release);
  if (slot == the.used.load(std::memory_order_relaxed))
    the.used.store(slot + 1, std::memory_order_release);
  return slot;
}

void remove(uint32_t slot) {
  Guard& the = guard();
  const std::lock_guard lock(the.mutex);
  the.ranges[slot].begin.store(0, std::memory_order_release);
  the.free.push_back(slot);
}

bool torn(uint32_t slot) { return guard().ranges[slot].torn.load(std::memory_order_acquire); }

}  // namespace coroipc::sys::sigbus_guard
