// Memory that a peer hands over, of the right and of every wrong kind and size: a ring's, a
// zero-copy buffer's, a named file of the classic wire's. What is taken has to be what was
// promised: all of it can be touched, and its maker cannot take it back.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/descriptors.h"
#include "sys/buffer_memory.h"
#include "sys/mapping.h"
#include "sys/sealed_memory.h"
#include "sys/shm_file.h"
#include "wire/native/handshake.h"

namespace coroipc::fuzz {
namespace {

const std::string& stem() {
  static const std::string made = "coroipc-fuzz-attach-" + std::to_string(getpid()) + "-";
  return made;
}

unsigned touch(const std::byte* from, size_t bytes) {
  unsigned sum = 0;
  for (size_t at = 0; at < bytes; at += 512) sum += std::to_integer<unsigned>(from[at]);
  return sum + (bytes > 0 ? std::to_integer<unsigned>(from[bytes - 1]) : 0);
}

// What was taken cannot be cut, whoever holds the file.
void demand_sealed(int file, off_t bytes) {
  struct stat found {};
  DEMAND(fstat(file, &found) == 0 && found.st_size == bytes);
  DEMAND(ftruncate(file, 0) != 0);
}

void take_rings(Input& input) {
  using wire::native::Geometry;
  const uint64_t most = uint64_t{1} << 16;
  const Geometry wanted{input.number<uint32_t>(), input.number<uint32_t>(),
                        input.number<uint32_t>(), 1};
  const Geometry granted = wire::native::grant(wanted, {most, most, most, 1});
  DEMAND(granted.request_ring >= 4096 && granted.request_ring <= most);
  const std::array<size_t, 2> rings{granted.request_ring, granted.response_ring};
  const std::span<const size_t> some = std::span(rings).first(1 + input.below(2));
  size_t right = sys::control_bytes();
  for (const size_t ring : some) right += ring;
  sys::Fd file = some_descriptor(input, right);
  const sys::Fd kept(fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
  auto taken = sys::SealedMemory::take(std::move(file), some);
  if (!taken.ok()) return;
  demand_sealed(kept.get(), static_cast<off_t>(right));
  unsigned sum = touch(taken.value().control(), sys::control_bytes());
  for (size_t ring = 0; ring < some.size(); ++ring)
    sum += touch(taken.value().ring(ring), 2 * some[ring]);
  DEMAND(sum == 0);
}

void take_buffer(Input& input) {
  const uint64_t bytes = input.near<uint32_t>(4096);
  if (bytes == 0 || bytes > (uint64_t{1} << 20)) return;
  const sys::Fd file = some_descriptor(input, bytes);
  auto taken = sys::BufferMemory::take(file, bytes);
  if (!taken.ok()) return;
  demand_sealed(file.get(), static_cast<off_t>(bytes));
  DEMAND(taken.value().size() == bytes && touch(taken.value().data(), bytes) == 0);
  taken.value().data()[bytes - 1] = std::byte{1};
}

void take_named_file(Input& input) {
  const size_t bytes = 1 + input.near<uint16_t>(4095);
  const std::string path = some_path(input, stem(), 0, bytes);
  const uid_t owner = input.below(8) == 0 ? getuid() + 1 : getuid();
  auto file = sys::open_peer_file(path, owner, bytes);
  if (file.ok()) {
    struct stat found {};
    DEMAND(fstat(file.value().get(), &found) == 0);
    DEMAND(S_ISREG(found.st_mode) && found.st_nlink == 0 && found.st_uid == owner);
    DEMAND(static_cast<size_t>(found.st_size) >= bytes);
    const bool whole_pages = bytes == sys::round_up_to_pages(bytes);
    auto mapped = whole_pages ? sys::Mapping::ring(file.value(), bytes)
                              : sys::Mapping::whole(file.value(), bytes);
    DEMAND(mapped.ok());
    DEMAND(touch(mapped.value().data(), mapped.value().size()) == 0 && !mapped.value().torn());
    // The classic wire's files can be cut at any time, which is survived and seen.
    DEMAND(ftruncate(file.value().get(), 0) == 0);
    (void)touch(mapped.value().data(), mapped.value().size());
    DEMAND(mapped.value().torn());
  }
  sweep(stem());
}

}  // namespace
}  // namespace coroipc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace coroipc::fuzz;
  const size_t descriptors = open_descriptors();
  Input input(data, size);
  while (input.more()) {
    switch (input.below(3)) {
      case 0:
        take_rings(input);
        break;
      case 1:
        take_buffer(input);
        break;
      default:
        take_named_file(input);
    }
  }
  DEMAND(open_descriptors() == descriptors);
  return 0;
}
