#include "fuzz/classic_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "fuzz/descriptors.h"

namespace coroipc::fuzz {

namespace classic = wire::classic;

namespace {

constexpr size_t kBytes = 4096;

}  // namespace

ClassicFiles::ClassicFiles(classic::Generation generation, uint32_t service) {
  setup.generation = generation;
  setup.service = service;
  setup.sizes = {classic::kControlBytes, kBytes, kBytes, kBytes};
  for (size_t file = 0; file < classic::kFiles; ++file) {
    auto made = sys::ShmFile::make("coroipc-fuzz", setup.sizes[file]);
    DEMAND(made.ok());
    files[file] = std::move(made.value());
    setup.paths[file] = files[file].path();
  }
  map();
  control->init_semaphores();
}

ClassicFiles::ClassicFiles(const classic::Setup& heard) : setup(heard) {
  for (size_t file = 0; file < classic::kFiles; ++file)
    opened[file] = sys::Fd(open(setup.paths[file].c_str(), O_RDWR | O_CLOEXEC));
  map();
}

int ClassicFiles::descriptor(size_t file) const {
  return opened[file].open() ? opened[file].get() : files[file].fd().get();
}

void ClassicFiles::map() {
  for (size_t file = 0; file < classic::kFiles; ++file) {
    const sys::Fd& fd = opened[file].open() ? opened[file] : files[file].fd();
    auto mapping = file == classic::kDispatchFile ? sys::Mapping::ring(fd, setup.sizes[file])
                                                  : sys::Mapping::whole(fd, setup.sizes[file]);
    DEMAND(mapping.ok());
    mapped[file] = std::make_shared<sys::Mapping>(std::move(mapping.value()));
  }
  control.emplace(mapped[classic::kControlFile], setup.generation);
}

void ClassicFiles::spoil(Input& input) const {
  constexpr size_t kWords[] = {0, 4, 8, 12, 16, 20, 40, 48, 72, 80, 84, 112, 144};
  const uint32_t what = input.below(20);
  if (what < std::size(kWords)) {
    uint32_t word = 0;
    std::memcpy(&word, at(classic::kControlFile) + kWords[what], sizeof word);
    word = input.near<uint32_t>(word);
    std::memcpy(at(classic::kControlFile) + kWords[what], &word, sizeof word);
  } else if (what < 19) {
    const auto file = static_cast<classic::File>(1 + what % 3);
    // A client may have asked for less than a page; what lies beyond is nobody's to guard.
    const size_t size = setup.sizes[file];
    const size_t offset = input.below(4) == 3 ? input.number<uint16_t>() % size : 0;
    const std::span<const std::byte> bytes =
        input.bytes(std::min<size_t>(input.below(64), size - offset));
    if (!bytes.empty()) std::memcpy(at(file) + offset, bytes.data(), bytes.size());
  } else {
    const size_t file = input.below(classic::kFiles);
    (void)!ftruncate(descriptor(file), input.number<uint16_t>() % (2 * kBytes));
  }
}

// The file of a buffer is the client's to write to also when its name is gone.
void ClassicFiles::write_zero_copy(Input& input) const {
  // As large as the buffer, or a little more.
  constexpr int32_t kRoom = kBytes - sizeof(classic::ZcbHeader);
  const wire::RequestHeader header{input.near<int32_t>(kRoom), 1};
  (void)!pwrite(zero_copy.get(), &header, sizeof header, sizeof(classic::ZcbHeader));
}

void ClassicFiles::request(Input& input, const std::string& stem) {
  std::byte* const buffer = at(classic::kRequestFile);
  const uint32_t what = input.below(5);
  if (what == 0) {
    classic::ZcbAllocMessage message{sizeof message, classic::kZcbAlloc, 0, {}};
    message.map_size = input.near<uint32_t>(kBytes);
    const std::string path =
        some_path(input, stem, static_cast<int>(input.below(4)), message.map_size);
    path.copy(message.path.data(), message.path.size());
    std::memcpy(buffer, &message, sizeof message);
    zero_copy = sys::Fd(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    write_zero_copy(input);
  } else if (what == 1) {
    const classic::ZcbFreeMessage message{sizeof message, classic::kZcbFree, kBytes,
                                          input.near<uint64_t>(1)};
    std::memcpy(buffer, &message, sizeof message);
  } else if (what == 2) {
    const classic::ZcbExecuteMessage message{sizeof message, classic::kZcbExecute,
                                             input.near<uint64_t>(1)};
    std::memcpy(buffer, &message, sizeof message);
    write_zero_copy(input);
  } else {
    const int32_t size = sizeof(wire::RequestHeader) + input.number<uint8_t>() * 16;
    wire::RequestHeader header{size, input.below(8) == 7 ? input.number<int32_t>() : 1};
    if (input.below(8) == 7) header.size = input.near<int32_t>(size);
    std::memcpy(buffer, &header, sizeof header);
  }
  control->request().post();
  if (setup.generation != classic::Generation::k12) control->wake().post();
}

void ClassicFiles::respond(Input& input) const {
  const wire::ResponseHeader header{input.near<int32_t>(64), 1, 1};
  std::memcpy(at(classic::kResponseFile), &header, sizeof header);
  control->response().post();
}

void ClassicFiles::dispatch(Input& input) const {
  const ring::IndexRing ring = control->ring(kBytes);
  const uint32_t write = control->write_index() % kBytes;
  const wire::ResponseHeader header{input.near<int32_t>(64), 1, 0};
  std::memcpy(at(classic::kDispatchFile) + write, &header, sizeof header);
  const uint32_t bytes = static_cast<uint32_t>(header.size) % kBytes;
  control->set_write_index(input.below(8) == 7 ? input.near<uint32_t>(write)
                                               : ring.after(write, bytes));
  control->dispatch().post();
}

}  // namespace coroipc::fuzz
