// What each system call's failure comes to: a status, the call's name and its errno, and nothing
// that stays behind. admission_test.cc has what becomes of a server then.
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cstring>

#include "sys/buffer_memory.h"
#include "sys/descriptors.h"
#include "sys/listener.h"
#include "sys/sealed_memory.h"
#include "sys/semaphore_watch.h"
#include "sys/shm_file.h"
#include "test/failing_calls.h"
#include "test/native_buffers.h"
#include "test/no_descriptors.h"
#include "test/test.h"
#include "wire/native/buffer_exchange.h"

namespace coroipc::test {
namespace {

namespace native = wire::native;

struct Case {
  const char* call;
  std::vector<FailingCall> calls;
  int code;
  Status status;
  std::function<sys::Failure()> run;
};

template <class T>
sys::Failure failure_of(sys::Result<T> result) {
  return result.ok() ? sys::Failure{Status::kOk} : result.failure();
}

constexpr uint32_t kNoFile = static_cast<uint32_t>(-1);
constexpr std::array<size_t, 1> kRing{65536};

sys::Failure make_sealed() { return failure_of(sys::SealedMemory::make(kRing)); }
sys::Failure make_buffer() { return failure_of(sys::BufferMemory::make(65536)); }
sys::Failure make_file() { return failure_of(sys::ShmFile::make("coroipc-starved", 65536)); }
sys::Failure make_mapping(bool ring) {
  sys::Result<sys::ShmFile> file = sys::ShmFile::make("coroipc-starved", 65536);
  if (!file.ok()) return file.failure();
  return failure_of(ring ? sys::Mapping::ring(file.value().fd(), 65536)
                         : sys::Mapping::whole(file.value().fd(), 65536));
}
sys::Failure take_sealed(bool buffer) {
  sys::Result<sys::SealedMemory> made = sys::SealedMemory::make(kRing);
  if (!made.ok()) return made.failure();
  const sys::Fd copy(dup(made.value().file().get()));
  if (buffer) return failure_of(sys::BufferMemory::take(copy, sys::control_bytes() + 65536));
  return failure_of(sys::SealedMemory::take(sys::Fd(dup(copy.get())), kRing));
}
sys::Failure watch() {
  alignas(sys::Semaphore) std::array<std::byte, sizeof(sys::Semaphore)> words{};
  auto& semaphore = *reinterpret_cast<sys::Semaphore*>(words.data());
  sys::SemaphoreWatch watch;
  auto bell = sys::WatchBell::make();
  if (!bell.ok()) return bell.failure();
  auto added = watch.add(&semaphore, nullptr, bell.value(), 1);
  if (added.ok()) watch.remove(added.value());
  return failure_of(std::move(added));
}
sys::Failure listen_on(const std::string& name) {
  return failure_of(sys::Listener::open(name, {}, 1));
}

std::vector<Case> cases() {
  const std::string abstract = "coroipc-starved-" + std::to_string(getpid());
  const std::string path = "/tmp/" + abstract;
  constexpr Status kMemory = Status::kErrNoMemory;
  constexpr Status kSpace = Status::kErrNoSpace;
  constexpr Status kNone = Status::kErrNoResources;
  const FailingCall reserve{SYS_mmap, 2, PROT_NONE, false};
  const FailingCall map_file{SYS_mmap, 4, kNoFile, true};
  const FailingCall no_fork{SYS_madvise, 2, MADV_DONTFORK, false};
  const FailingCall seal{SYS_fcntl, 1, F_ADD_SEALS, false};
  return {
      {"memfd_create", {{SYS_memfd_create}}, EMFILE, kNone, make_sealed},
      {"memfd_create", {{SYS_memfd_create}}, ENOMEM, kMemory, make_buffer},
      {"posix_fallocate", {{SYS_fallocate}}, ENOSPC, kSpace, make_sealed},
      {"posix_fallocate", {{SYS_fallocate}}, ENOMEM, kMemory, make_buffer},
      {"posix_fallocate", {{SYS_fallocate}}, ENOSPC, kSpace, make_file},
      {"mmap", {reserve}, ENOMEM, kMemory, make_sealed},
      {"mmap", {map_file}, ENOMEM, kMemory, make_sealed},
      {"mmap", {map_file}, ENOMEM, kMemory, make_buffer},
      {"mmap", {map_file}, ENOMEM, kMemory, [] { return make_mapping(false); }},
      {"mmap", {reserve}, ENOMEM, kMemory, [] { return make_mapping(true); }},
      {"mmap", {map_file}, ENOMEM, kMemory, [] { return make_mapping(true); }},
      {"madvise", {no_fork}, ENOMEM, kMemory, make_sealed},
      {"madvise", {no_fork}, ENOMEM, kMemory, make_buffer},
      {"fcntl", {seal}, ENOMEM, kMemory, make_sealed},
      {"fcntl", {seal}, ENOMEM, kMemory, make_buffer},
      {"fstatfs", {{SYS_fstatfs}}, ENOMEM, kMemory, [] { return take_sealed(false); }},
      {"fstatfs", {{SYS_fstatfs}}, ENOMEM, kMemory, [] { return take_sealed(true); }},
      {"open", {{SYS_openat}}, EMFILE, kNone, make_file},
      {"open", {{SYS_openat}}, ENOSPC, kSpace, make_file},
      {"eventfd", {{SYS_eventfd2}}, EMFILE, kNone, [] { return failure_of(sys::Bell::make()); }},
      {"eventfd", {{SYS_eventfd2}}, ENFILE, kNone, watch},
      {"pthread_create", {{SYS_clone3}, {SYS_clone}}, EAGAIN, kNone, watch},
      {"timerfd_create",
       {{SYS_timerfd_create}},
       ENFILE,
       kNone,
       [] { return failure_of(sys::Timer::make()); }},
      {"socket", {{SYS_socket}}, ENFILE, kNone, [] { return failure_of(sys::stream_socket()); }},
      {"socket", {{SYS_socket}}, ENOBUFS, kNone, [=] { return listen_on(abstract); }},
      {"bind", {{SYS_bind}}, ENOMEM, kMemory, [=] { return listen_on(abstract); }},
      {"bind", {{SYS_bind}}, ENOSPC, kSpace, [=] { return listen_on(path); }},
      {"listen", {{SYS_listen}}, ENOMEM, kMemory, [=] { return listen_on(path); }},
      {"open", {{SYS_openat}}, EMFILE, kNone, [=] { return listen_on(path); }},
      {"flock", {{SYS_flock}}, ENOMEM, kMemory, [=] { return listen_on(path); }},
      {"fchmodat", {{SYS_fchmodat}}, ENOMEM, kMemory, [=] { return listen_on(path); }},
  };
}

size_t open_descriptors() {
  size_t count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

// 0, or which of the expectations was not met.
int fails_as_said(const Case& each) {
  if (each.run().status != Status::kOk) return 1;
  const size_t before = open_descriptors();
  if (!fail_calls(each.calls, each.code)) return 2;
  const sys::Failure failure = each.run();
  if (std::strcmp(failure.call, each.call) != 0) return 3;
  if (failure.code != each.code) return 4;
  if (failure.status != each.status) return 5;
  return open_descriptors() == before ? 0 : 6;
}

}  // namespace

TEST(starved_of_anything_the_failure_names_the_call_and_leaves_no_descriptor) {
  for (const Case& each : cases()) {
    const int outcome = in_a_process([&] { return fails_as_said(each); });
    if (outcome != 0) fail(each.call, each.code, "step " + std::to_string(outcome));
    CHECK_EQ(outcome, 0);
  }
}

TEST(starved_of_descriptors_one_that_comes_is_lost_and_the_bytes_are_not) {
  auto [near, far] = native::socket_pair();
  const sys::Fd file(dup(STDERR_FILENO));
  std::array<std::byte, 16> bytes{};
  {
    const NoDescriptors none;
    REQUIRE_EQ(sys::send_file(far, bytes, file).bytes, bytes.size());
    const sys::FileTransfer got = sys::receive_file(near, bytes);
    CHECK_EQ(got.transfer.bytes, bytes.size());
    CHECK(got.lost);
    CHECK(!got.too_many);
    CHECK(!got.file.open());
  }
  REQUIRE_EQ(sys::send_file(far, bytes, file).bytes, bytes.size());
  const sys::FileTransfer got = sys::receive_file(near, bytes);
  CHECK(!got.lost);
  CHECK(got.file.open());
}

TEST(starved_of_descriptors_a_side_refuses_a_buffer_and_its_peer_is_no_liar) {
  native::Link link(native::kGeometry);
  REQUIRE(link.client.has_value());
  native::OwnBuffers& own = link.client->own_buffers();
  sys::Result<uint32_t> made = own.make(native::kPage);
  REQUIRE(made.ok());
  const native::BufferNoteBytes offer = own.offer(made.value());
  native::BufferExchange server(link.far.socket, link.server->own_buffers(),
                                link.server->peer_buffers());
  using Said = native::BufferExchange::Heard;
  {
    const NoDescriptors none;
    REQUIRE_EQ(sys::send_file(link.near.socket, offer, own.file(made.value())).bytes, offer.size());
    CHECK(server.hear(1) == Said::kFine);
  }
  native::BufferNote note;
  sys::Fd file;
  REQUIRE(link.near.reader.read(link.near.socket, note, file) ==
          native::SocketReader::State::kNote);
  CHECK(note.kind == native::BufferNoteKind::kAnswer);
  CHECK_EQ(note.value, static_cast<uint64_t>(Status::kErrNoResources));
  REQUIRE(own.answered(note));
  CHECK(link.client_offers(native::kPage).has_value());
  // What came with something else than an offer is a breach, lost or not.
  {
    const sys::Fd any(dup(STDERR_FILENO));
    const NoDescriptors none;
    REQUIRE_EQ(sys::send_file(link.near.socket, std::span(&native::kDoorbell, 1), any).bytes, 1);
    CHECK(server.hear(1) == Said::kBreach);
  }
}

}  // namespace coroipc::test
