#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "sys/mapping.h"
#include "sys/shm_file.h"
#include "test/test.h"

namespace coroipc::sys {
namespace {

Status refused(std::string_view path, size_t bytes, uid_t owner = getuid()) {
  Result<Fd> opened = open_peer_file(path, owner, bytes);
  return opened.ok() ? Status::kOk : opened.failure().status;
}

TEST(peer_file_is_opened_and_unlinked) {
  Result<ShmFile> made = ShmFile::make("coroipc-test", 8192);
  REQUIRE(made.ok());
  CHECK(refused(made.value().path(), 8192) == Status::kOk);
  CHECK(access(made.value().path().c_str(), F_OK) != 0);
}

TEST(peer_file_of_another_size_or_owner_is_refused_and_stays) {
  Result<ShmFile> made = ShmFile::make("coroipc-test", 8192);
  REQUIRE(made.ok());
  const std::string& path = made.value().path();
  CHECK(refused(path, 4096) == Status::kErrInvalidParam);
  CHECK(refused(path, 16384) == Status::kErrInvalidParam);
  CHECK(refused(path, 8192, getuid() + 1) == Status::kErrAccess);
  CHECK_EQ(access(path.c_str(), F_OK), 0);
}

TEST(peer_file_may_be_filled_up_to_whole_pages) {
  Result<ShmFile> made = ShmFile::make("coroipc-test", 8192);
  REQUIRE(made.ok());
  CHECK(refused(made.value().path(), 8193) == Status::kErrInvalidParam);
  CHECK(refused(made.value().path(), 100) == Status::kErrInvalidParam);
  CHECK(refused(made.value().path(), 5000) == Status::kOk);
}

TEST(peer_file_elsewhere_is_refused) {
  for (const char* path : {"/etc/passwd", "/dev/shm/", "/dev/shm/..", "/dev/shm/../etc/passwd",
                           "/dev/shm//etc", "/dev/shm/a/b", "relative", ""})
    CHECK(refused(path, 8192) == Status::kErrInvalidParam);
}

TEST(peer_file_behind_a_link_is_refused) {
  Result<ShmFile> made = ShmFile::make("coroipc-test", 4096);
  REQUIRE(made.ok());
  const std::string soft = made.value().path() + ".soft";
  const std::string hard = made.value().path() + ".hard";
  REQUIRE_EQ(symlink(made.value().path().c_str(), soft.c_str()), 0);
  CHECK(refused(soft, 4096) != Status::kOk);
  REQUIRE_EQ(link(made.value().path().c_str(), hard.c_str()), 0);
  CHECK(refused(made.value().path(), 4096) == Status::kErrInvalidParam);
  CHECK_EQ(access(made.value().path().c_str(), F_OK), 0);
  unlink(soft.c_str());
  unlink(hard.c_str());
}

TEST(peer_file_that_is_a_fifo_or_a_directory_is_refused_at_once) {
  const std::string fifo = "/dev/shm/coroipc-test-fifo-" + std::to_string(getpid());
  REQUIRE_EQ(mkfifo(fifo.c_str(), 0600), 0);
  CHECK(refused(fifo, 0) != Status::kOk);
  unlink(fifo.c_str());
  REQUIRE_EQ(mkdir(fifo.c_str(), 0700), 0);
  CHECK(refused(fifo, 4096) != Status::kOk);
  rmdir(fifo.c_str());
}

TEST(shm_file_that_is_given_up_leaves_no_name) {
  std::string path;
  {
    Result<ShmFile> made = ShmFile::make("coroipc-test", 4096);
    REQUIRE(made.ok());
    path = made.value().path();
    CHECK_EQ(access(path.c_str(), F_OK), 0);
  }
  CHECK(access(path.c_str(), F_OK) != 0);
}

TEST(shm_file_has_its_mark_in_its_name_unless_somebody_has_that) {
  const std::string mark = std::to_string(getpid());
  Result<ShmFile> first = ShmFile::make("coroipc-test", 4096, mark);
  Result<ShmFile> second = ShmFile::make("coroipc-test", 4096, mark);
  REQUIRE(first.ok() && second.ok());
  CHECK_EQ(first.value().path(), "/dev/shm/coroipc-test-" + mark);
  CHECK(second.value().path() != first.value().path());
  CHECK_EQ(access(second.value().path().c_str(), F_OK), 0);
}

TEST(peer_file_that_was_left_is_removed_if_it_is_the_peers) {
  const std::string mark = std::to_string(getpid());
  const std::string path = "/dev/shm/coroipc-test-" + mark;
  Result<ShmFile> made = ShmFile::make("coroipc-test", 4096, mark);
  REQUIRE(made.ok() && made.value().path() == path);
  remove_peer_file("coroipc-test", mark, getuid() + 1);
  CHECK_EQ(access(path.c_str(), F_OK), 0);
  remove_peer_file("coroipc-test", mark, getuid());
  CHECK(access(path.c_str(), F_OK) != 0);
  REQUIRE_EQ(symlink("/dev/null", path.c_str()), 0);
  remove_peer_file("coroipc-test", mark, getuid());
  CHECK_EQ(unlink(path.c_str()), 0);
}

TEST(shm_file_larger_than_the_file_system_is_an_error) {
  Result<ShmFile> made = ShmFile::make("coroipc-test", size_t{1} << 50);
  REQUIRE(!made.ok());
  CHECK(made.failure().code != 0);
  CHECK_EQ(std::string(made.failure().call), "posix_fallocate");
}

TEST(ring_mapping_shows_the_same_bytes_twice) {
  Result<ShmFile> made = ShmFile::make("coroipc-test", 8192);
  REQUIRE(made.ok());
  Result<Mapping> mapping = Mapping::ring(made.value().fd(), 8192);
  REQUIRE(mapping.ok());
  std::memset(mapping.value().data() + 8000, 0x5a, 400);
  CHECK_EQ(std::to_integer<int>(mapping.value().data()[0]), 0x5a);
  CHECK_EQ(std::to_integer<int>(mapping.value().data()[207]), 0x5a);
  CHECK_EQ(std::to_integer<int>(mapping.value().data()[208]), 0);
}

TEST(a_mapping_survives_the_truncation_of_its_file) {
  for (int round = 0; round < 20; ++round) {
    Result<ShmFile> made = ShmFile::make("coroipc-test", 16384);
    REQUIRE(made.ok());
    Result<Mapping> whole = Mapping::whole(made.value().fd(), 16384);
    Result<Mapping> ring = Mapping::ring(made.value().fd(), 16384);
    REQUIRE(whole.ok() && ring.ok());
    std::memset(whole.value().data(), 1, 16384);
    CHECK(!whole.value().torn());
    REQUIRE_EQ(ftruncate(made.value().fd().get(), 0), 0);
    volatile std::byte* touched = whole.value().data();
    CHECK_EQ(std::to_integer<int>(touched[5000]), 0);
    touched[5000] = std::byte{7};
    std::memset(ring.value().data(), 2, 32768);
    CHECK(whole.value().torn());
    CHECK(ring.value().torn());
  }
}

TEST(a_sigbus_that_somebody_sent_is_not_swallowed) {
  Result<ShmFile> made = ShmFile::make("coroipc-test", 4096);
  REQUIRE(made.ok());
  const pid_t child = fork();
  if (child == 0) {
    Result<Mapping> mapped = Mapping::whole(made.value().fd(), 4096);
    if (mapped.ok()) kill(getpid(), SIGBUS);
    _exit(0);
  }
  int status = -1;
  REQUIRE_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

}  // namespace
}  // namespace coroipc::sys
