#include "sys/sealed_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "test/test.h"

namespace coroipc::sys {
namespace {

constexpr int kAll = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
const size_t kRings[] = {4096, 8192};
const size_t kBytes = control_bytes() + 4096 + 8192;

Fd duplicate_of(const Fd& file) { return Fd(fcntl(file.get(), F_DUPFD_CLOEXEC, 0)); }

bool taken(Fd file) { return SealedMemory::take(std::move(file), kRings).ok(); }

TEST(sealed_memory_is_written_by_its_maker_and_read_by_its_peer) {
  Result<SealedMemory> made = SealedMemory::make(kRings);
  REQUIRE(made.ok());
  SealedMemory& ours = made.value();
  Result<SealedMemory> got = SealedMemory::take(duplicate_of(ours.file()), kRings);
  REQUIRE(got.ok());
  SealedMemory& theirs = got.value();
  ours.close_file();

  std::memcpy(ours.control(), "control", 8);
  std::memcpy(ours.ring(0) + 4090, "over the edge", 14);
  std::memcpy(ours.ring(1), "second", 7);
  CHECK_EQ(std::string(reinterpret_cast<char*>(theirs.control())), "control");
  CHECK_EQ(std::string(reinterpret_cast<char*>(theirs.ring(0) + 4090)), "over the edge");
  CHECK_EQ(std::memcmp(theirs.ring(0), "the edge", 0), 0);
  CHECK_EQ(std::memcmp(theirs.ring(0), ours.ring(0) + 4096, 4096), 0);
  CHECK_EQ(std::string(reinterpret_cast<char*>(theirs.ring(1) + 8192)), "second");
}

TEST(sealed_memory_cannot_be_written_resized_or_unsealed_by_a_peer) {
  Result<SealedMemory> made = SealedMemory::make(kRings);
  REQUIRE(made.ok());
  const int fd = made.value().file().get();
  CHECK_EQ(fcntl(fd, F_GET_SEALS) & kAll, kAll);
  CHECK(ftruncate(fd, 0) != 0 && errno == EPERM);
  CHECK(ftruncate(fd, 1 << 20) != 0 && errno == EPERM);
  CHECK(write(fd, "x", 1) < 0 && errno == EPERM);
  CHECK(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
  CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) != 0);
  CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) != 0);
  // A mapping for reading cannot be made writable afterwards.
  void* at = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
  REQUIRE(at != MAP_FAILED);
  CHECK(mprotect(at, 4096, PROT_READ | PROT_WRITE) != 0);
  munmap(at, 4096);
}

Fd memfd(size_t bytes, int seals, bool filled = true, unsigned flags = MFD_ALLOW_SEALING) {
  Fd file(memfd_create("test", MFD_CLOEXEC | flags));
  if (filled)
    static_cast<void>(posix_fallocate(file.get(), 0, static_cast<off_t>(bytes)));
  else
    static_cast<void>(ftruncate(file.get(), static_cast<off_t>(bytes)));
  if (seals != 0) static_cast<void>(fcntl(file.get(), F_ADD_SEALS, seals));
  return file;
}

TEST(sealed_memory_is_taken_only_with_every_seal_and_of_the_size) {
  CHECK(taken(memfd(kBytes, kAll)));
  CHECK(taken(memfd(kBytes, kAll | F_SEAL_WRITE)));
  for (const int seal : {F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_FUTURE_WRITE, F_SEAL_SEAL})
    CHECK(!taken(memfd(kBytes, kAll & ~seal)));
  CHECK(!taken(memfd(kBytes, 0)));
  for (const size_t wrong :
       {size_t{0}, size_t{1}, kBytes - 1, kBytes - 4096, kBytes + 1, kBytes * 2})
    CHECK(!taken(memfd(wrong, kAll)));
  CHECK(!taken(memfd(kBytes, kAll, false)));  // nothing but holes
}

TEST(sealed_memory_is_never_another_kind_of_file) {
  CHECK(!taken(Fd()));
  CHECK(!taken(Fd(open("/dev/zero", O_RDWR | O_CLOEXEC))));
  CHECK(!taken(Fd(open("/dev/null", O_RDWR | O_CLOEXEC))));
  CHECK(!taken(Fd(open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC))));
  int ends[2];
  REQUIRE_EQ(pipe2(ends, O_CLOEXEC), 0);
  CHECK(!taken(Fd(ends[0])));
  CHECK(!taken(Fd(ends[1])));
  char path[] = "/tmp/coroipc-test-XXXXXX";
  Fd file(mkostemp(path, O_CLOEXEC));
  unlink(path);
  REQUIRE_EQ(posix_fallocate(file.get(), 0, static_cast<off_t>(kBytes)), 0);
  CHECK(!taken(std::move(file)));
}

TEST(sealed_memory_is_not_in_a_forked_child) {
  Result<SealedMemory> made = SealedMemory::make(kRings);
  REQUIRE(made.ok());
  std::byte* control = made.value().control();
  const pid_t child = fork();
  if (child == 0) {
    // An answer for "is it mapped?" that does not touch it.
    unsigned char resident = 0;
    _exit(mincore(control, 4096, &resident) != 0 && errno == ENOMEM ? 0 : 1);
  }
  int status = -1;
  REQUIRE_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(sealed_memory_leaves_nothing_mapped) {
  const auto mappings = [] {
    size_t count = 0;
    Fd maps(open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
    std::vector<char> text(1 << 20);
    std::string all;
    for (ssize_t got = 1; got > 0;) {
      got = read(maps.get(), text.data(), text.size());
      if (got > 0) all.append(text.data(), static_cast<size_t>(got));
    }
    for (size_t at = all.find("memfd:coroipc"); at != std::string::npos;
         at = all.find("memfd:coroipc", at + 1))
      ++count;
    return count;
  };
  const size_t before = mappings();
  {
    Result<SealedMemory> made = SealedMemory::make(kRings);
    REQUIRE(made.ok());
    Result<SealedMemory> got = SealedMemory::take(duplicate_of(made.value().file()), kRings);
    REQUIRE(got.ok());
    CHECK(mappings() > before);
    SealedMemory moved = std::move(got.value());
    CHECK(moved.control() != nullptr);
  }
  CHECK_EQ(mappings(), before);
}

}  // namespace
}  // namespace coroipc::sys
