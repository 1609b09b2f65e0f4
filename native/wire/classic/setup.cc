#include "wire/classic/setup.h"

#include <algorithm>
#include <cstring>

#include "sys/shm_file.h"

namespace coroipc::wire::classic {

namespace {

// The path in a NUL-ended field, if it is an absolute one.
std::optional<std::string> path_in(Bytes field) {
  const char* text = reinterpret_cast<const char*>(field.data());
  const size_t length = strnlen(text, field.size());
  if (length == 0 || length == field.size() || text[0] != '/') return std::nullopt;
  return std::string(text, length);
}

}  // namespace

bool encode_setup(const Setup& setup, std::vector<std::byte>& bytes) {
  const SetupLayout& layout = setup_layout(setup.generation);
  bytes.assign(layout.bytes, std::byte{0});
  std::memcpy(bytes.data() + kSetupService, &setup.service, sizeof setup.service);
  for (size_t file = 0; file < kFiles; ++file) {
    const std::string& path = setup.paths[file];
    if (path.size() >= layout.path_bytes) return false;
    std::memcpy(bytes.data() + layout.paths + file * layout.path_bytes, path.data(), path.size());
    std::memcpy(bytes.data() + layout.sizes + file * 8, &setup.sizes[file], 8);
  }
  return true;
}

void remove_left_files(const sys::Fd& socket, uid_t owner) {
  const std::string mark = sys::peer_mark(socket);
  if (mark.empty()) return;
  for (const std::string_view prefix : kFilePrefixes) sys::remove_peer_file(prefix, mark, owner);
  sys::remove_peer_file(kZcbPrefix, mark, owner);
}

SetupReader::SetupReader(std::span<const std::byte> begun) : filled_(begun.size()) {
  std::copy(begun.begin(), begun.end(), bytes_.begin());
}

SetupReader::State SetupReader::read(const sys::Fd& socket) {
  for (;;) {
    const std::span room(bytes_.data() + filled_, wanted_ - filled_);
    const sys::Transfer got = sys::receive(socket, room);
    if (got.state == sys::Transfer::State::kOver) return State::kOver;
    if (got.state == sys::Transfer::State::kWouldBlock) return State::kMore;
    filled_ += got.bytes;
    if (filled_ < wanted_) continue;
    if (wanted_ == kSetup12.bytes) {
      if (parse(Generation::k12) && setup_.sizes[kControlFile] == kControlBytes)
        return State::kComplete;
      wanted_ = kSetup14.bytes;
      continue;
    }
    return parse(Generation::k14) ? State::kComplete : State::kMalformed;
  }
}

bool SetupReader::parse(Generation generation) {
  const SetupLayout& layout = setup_layout(generation);
  setup_.generation = generation;
  std::memcpy(&setup_.service, bytes_.data() + kSetupService, sizeof setup_.service);
  for (size_t file = 0; file < kFiles; ++file) {
    const Bytes field(bytes_.data() + layout.paths + file * layout.path_bytes, layout.path_bytes);
    std::optional<std::string> path = path_in(field);
    if (!path.has_value()) return false;
    setup_.paths[file] = std::move(*path);
    std::memcpy(&setup_.sizes[file], bytes_.data() + layout.sizes + file * 8, 8);
  }
  return true;
}

}  // namespace coroipc::wire::classic
