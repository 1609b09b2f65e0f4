#include "sys/semaphore.h"

#include <poll.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <thread>

#include "sys/clock.h"
#include "sys/mapping.h"
#include "sys/semaphore_watch.h"
#include "sys/shm_file.h"
#include "sys/unix_socket.h"
#include "test/test.h"

namespace coroipc::sys {
namespace {

constexpr int64_t kLongMs = 20'000;

// One semaphore, seen as ours and as glibc's.
struct Both {
  alignas(8) unsigned char raw[Semaphore::kBytes] = {};
  Semaphore& ours() { return *reinterpret_cast<Semaphore*>(raw); }
  sem_t* theirs() { return reinterpret_cast<sem_t*>(raw); }
};
static_assert(sizeof(sem_t) == Semaphore::kBytes);

TEST(semaphore_counts_like_glibc) {
  Both both;
  both.ours().init();
  Both made_by_glibc;
  sem_init(made_by_glibc.theirs(), 1, 0);
  CHECK_EQ(std::memcmp(both.raw, made_by_glibc.raw, 12), 0);
  sem_post(both.theirs());
  both.ours().post();
  int value = 0;
  sem_getvalue(both.theirs(), &value);
  CHECK_EQ(value, 2);
  CHECK(both.ours().try_take());
  CHECK_EQ(sem_trywait(both.theirs()), 0);
  CHECK(!both.ours().try_take());
  CHECK(sem_trywait(both.theirs()) != 0);
}

TEST(semaphore_wakes_a_sleeper_of_glibc_and_is_woken_by_one) {
  Both ping;
  Both pong;
  ping.ours().init();
  pong.ours().init();
  constexpr int kRounds = 2000;
  std::thread glibc([&] {
    for (int i = 0; i < kRounds; ++i) {
      while (sem_wait(ping.theirs()) != 0) {
      }
      sem_post(pong.theirs());
    }
  });
  int done = 0;
  for (; done < kRounds; ++done) {
    ping.ours().post();
    while (!pong.ours().try_take()) pong.ours().wait(kNever);
  }
  glibc.join();
  CHECK_EQ(done, kRounds);
}

TEST(semaphore_survives_garbage) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    Both both;
    for (unsigned char& byte : both.raw) byte = static_cast<unsigned char>(random());
    Semaphore& semaphore = both.ours();
    semaphore.post();
    [[maybe_unused]] const bool took = semaphore.try_take();
    semaphore.wait(1);
    semaphore.take_all();
  }
}

TEST(semaphore_takes_all_but_keeps_the_sleepers) {
  Both both;
  both.ours().init();
  both.ours().add_waiter();
  for (int i = 0; i < 5; ++i) both.ours().post();
  CHECK_EQ(both.ours().take_all(), 5);
  CHECK_EQ(both.ours().take_all(), 0);
  uint64_t data = 0;
  std::memcpy(&data, both.raw, sizeof data);
  CHECK_EQ(data, uint64_t{1} << 32);
}

bool rings(const WatchBell& bell) {
  pollfd entry{bell.fd(), POLLIN, 0};
  return poll(&entry, 1, static_cast<int>(kLongMs)) == 1;
}

TEST(semaphore_watch_rings_for_each_of_many_and_uses_few_threads) {
  constexpr size_t kCount = 250;
  SemaphoreWatch watch;
  auto bell = WatchBell::make();
  REQUIRE(bell.ok());
  auto memory = std::make_shared<std::vector<Both>>(kCount);
  std::vector<SemaphoreWatch::Handle> handles;
  for (size_t i = 0; i < kCount; ++i) {
    (*memory)[i].ours().init();
    auto handle = watch.add(&(*memory)[i].ours(), memory, bell.value(), i);
    REQUIRE(handle.ok());
    handles.push_back(handle.value());
    CHECK(watch.arm(handles[i]));
  }
  CHECK_EQ(watch.threads(), 3);
  for (size_t i = 0; i < kCount; i += 7) {
    sem_post((*memory)[i].theirs());
    std::vector<uint64_t> fired;
    while (fired.empty()) {
      REQUIRE(rings(*bell.value()));
      bell.value()->take_fired(fired);
    }
    CHECK_EQ(fired.size(), 1);
    CHECK_EQ(fired[0], i);
    // Posted already: not armed, and therefore silent.
    CHECK(!watch.arm(handles[i]));
    CHECK((*memory)[i].ours().try_take());
    CHECK(watch.arm(handles[i]));
  }
  for (SemaphoreWatch::Handle& handle : handles) watch.remove(handle);
  CHECK_EQ(watch.threads(), 0);
  // No sleeper is left registered in any of them.
  for (Both& both : *memory) {
    uint64_t data = 0;
    std::memcpy(&data, both.raw, sizeof data);
    CHECK_EQ(data >> 32, 0);
  }
}

TEST(semaphore_watch_survives_the_truncation_of_a_watched_file) {
  SemaphoreWatch watch;
  auto bell = WatchBell::make();
  REQUIRE(bell.ok());
  Result<ShmFile> made = ShmFile::make("coroipc-test", 4096);
  REQUIRE(made.ok());
  Result<Mapping> mapping = Mapping::whole(made.value().fd(), 4096);
  REQUIRE(mapping.ok());
  const auto memory = std::make_shared<Mapping>(std::move(mapping.value()));
  auto& torn = *reinterpret_cast<Semaphore*>(memory->data());
  torn.init();
  auto first = watch.add(&torn, memory, bell.value(), 1);
  REQUIRE(first.ok());
  CHECK(watch.arm(first.value()));
  REQUIRE_EQ(ftruncate(made.value().fd().get(), 0), 0);
  // Another one makes the thread look at all of them, and it still watches.
  const auto whole = std::make_shared<Both>();
  whole->ours().init();
  auto second = watch.add(&whole->ours(), whole, bell.value(), 2);
  REQUIRE(second.ok());
  CHECK(watch.arm(second.value()));
  sem_post(whole->theirs());
  std::vector<uint64_t> fired;
  while (fired.empty()) {
    REQUIRE(rings(*bell.value()));
    bell.value()->take_fired(fired);
  }
  CHECK_EQ(fired[0], 2);
  CHECK(memory->torn());
  watch.remove(first.value());
  watch.remove(second.value());
}

TEST(semaphore_watch_keeps_memory_until_its_thread_looked_away) {
  SemaphoreWatch watch;
  auto bell = WatchBell::make();
  REQUIRE(bell.ok());
  auto stays = std::make_shared<Both>();
  stays->ours().init();
  auto staying = watch.add(&stays->ours(), stays, bell.value(), 1);
  REQUIRE(staying.ok());
  CHECK(watch.arm(staying.value()));
  for (int round = 0; round < 500; ++round) {
    void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(page != MAP_FAILED);
    std::shared_ptr<void> memory(page, [](void* at) { munmap(at, 4096); });
    auto* semaphore = static_cast<Semaphore*>(page);
    semaphore->init();
    auto handle = watch.add(semaphore, memory, bell.value(), 2);
    REQUIRE(handle.ok());
    CHECK(watch.arm(handle.value()));
    memory.reset();
    watch.remove(handle.value());
  }
  stays->ours().post();
  CHECK(rings(*bell.value()));
}

// In a child, for where it fails the process ends.
TEST(semaphore_watch_survives_the_truncation_of_a_semaphores_file) {
  const pid_t child = fork();
  if (child == 0) {
    Result<ShmFile> file = ShmFile::make("coroipc-test", 4096);
    if (!file.ok()) _exit(2);
    Result<Mapping> mapped = Mapping::whole(file.value().fd(), 4096);
    if (!mapped.ok()) _exit(3);
    auto memory = std::make_shared<Mapping>(std::move(mapped.value()));
    auto* torn = reinterpret_cast<Semaphore*>(memory->data());
    Both whole;
    for (Semaphore* each : {torn, &whole.ours()}) each->init();
    SemaphoreWatch watch;
    auto bell = WatchBell::make();
    if (!bell.ok()) _exit(4);
    auto first = watch.add(torn, memory, bell.value(), 1);
    if (!first.ok() || !watch.arm(first.value())) _exit(5);
    file.value().unlink_now();
    if (ftruncate(file.value().fd().get(), 0) != 0) _exit(6);
    // Has the thread look at all of them anew, and then tell.
    auto second = watch.add(&whole.ours(), nullptr, bell.value(), 2);
    if (!second.ok() || !watch.arm(second.value())) _exit(7);
    whole.ours().post();
    const bool rang = rings(*bell.value());
    // The thread and what it watches end with the process.
    _exit(rang && memory->torn() ? 0 : 8);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), 0);
}

}  // namespace
}  // namespace coroipc::sys
