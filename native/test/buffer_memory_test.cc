#include "sys/buffer_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "sys/mapping.h"
#include "test/test.h"

namespace coroipc::sys {
namespace {

constexpr int kAll = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
const size_t kPage = round_up_to_pages(1);
const size_t kBytes = 4 * kPage;

const char* text(const std::byte* at) { return reinterpret_cast<const char*>(at); }

TEST(buffer_memory_shows_its_receiver_what_its_maker_writes) {
  Result<BufferMemory> made = BufferMemory::make(kBytes);
  REQUIRE(made.ok());
  BufferMemory& ours = made.value();
  Result<BufferMemory> got = BufferMemory::take(ours.file(), kBytes);
  REQUIRE(got.ok());
  BufferMemory& theirs = got.value();
  ours.close_file();
  CHECK(!ours.file().open() && !theirs.file().open());
  CHECK_EQ(theirs.size(), kBytes);
  std::memcpy(ours.data(), "first", 6);
  std::memcpy(ours.data() + kBytes - 5, "last", 5);
  CHECK_EQ(std::string(text(theirs.data())), "first");
  CHECK_EQ(std::string(text(theirs.data() + kBytes - 5)), "last");
}

TEST(buffer_memory_takes_a_stray_write_of_its_receiver_as_its_own) {
  Result<BufferMemory> made = BufferMemory::make(kBytes);
  REQUIRE(made.ok());
  Result<BufferMemory> got = BufferMemory::take(made.value().file(), kBytes);
  REQUIRE(got.ok());
  std::byte* ours = made.value().data();
  std::byte* theirs = got.value().data();
  std::memcpy(ours, "maker", 6);
  std::memcpy(theirs, "stray", 6);
  CHECK_EQ(std::string(text(ours)), "maker");
  CHECK_EQ(std::string(text(theirs)), "stray");
  // That page is the receiver's now; the next one is not.
  std::memcpy(ours, "later", 6);
  std::memcpy(ours + kPage, "other", 6);
  CHECK_EQ(std::string(text(theirs)), "stray");
  CHECK_EQ(std::string(text(theirs + kPage)), "other");
}

TEST(buffer_memory_cannot_be_written_or_resized_by_its_receiver) {
  Result<BufferMemory> made = BufferMemory::make(kBytes);
  REQUIRE(made.ok());
  const int fd = made.value().file().get();
  CHECK_EQ(fcntl(fd, F_GET_SEALS) & kAll, kAll);
  CHECK(ftruncate(fd, 0) != 0 && errno == EPERM);
  CHECK(write(fd, "x", 1) < 0 && errno == EPERM);
  CHECK(mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
  CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) != 0);
}

TEST(buffer_memory_is_taken_only_when_it_is_what_was_promised) {
  const auto refused = [](const Fd& file, size_t bytes) {
    Result<BufferMemory> got = BufferMemory::take(file, bytes);
    return !got.ok() && got.failure().status == Status::kErrInvalidParam && got.failure().code == 0;
  };
  Result<BufferMemory> made = BufferMemory::make(kBytes);
  REQUIRE(made.ok());
  CHECK(!refused(made.value().file(), kBytes));
  CHECK(refused(made.value().file(), kBytes + kPage));
  CHECK(refused(made.value().file(), kBytes - kPage));
  CHECK(refused(Fd(), kBytes));
  Fd unsealed(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE_EQ(posix_fallocate(unsealed.get(), 0, static_cast<off_t>(kBytes)), 0);
  CHECK(refused(unsealed, kBytes));
  Fd holes(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE_EQ(ftruncate(holes.get(), static_cast<off_t>(kBytes)), 0);
  REQUIRE_EQ(fcntl(holes.get(), F_ADD_SEALS, kAll), 0);
  CHECK(refused(holes, kBytes));
  int ends[2];
  REQUIRE_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Fd reader(ends[0]);
  const Fd writer(ends[1]);
  CHECK(refused(reader, kBytes));
  CHECK(refused(writer, kBytes));
}

TEST(buffer_memory_is_not_in_a_forked_child) {
  Result<BufferMemory> made = BufferMemory::make(kBytes);
  REQUIRE(made.ok());
  Result<BufferMemory> got = BufferMemory::take(made.value().file(), kBytes);
  REQUIRE(got.ok());
  const pid_t child = fork();
  if (child == 0) {
    // An answer for "is it mapped?" that does not touch it.
    unsigned char resident[4] = {};
    for (std::byte* each : {made.value().data(), got.value().data()})
      if (mincore(each, kBytes, resident) == 0 || errno != ENOMEM) _exit(1);
    _exit(0);
  }
  int status = -1;
  REQUIRE_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace coroipc::sys
