// The four files of a classic connection as a peer sees them that writes what it likes: any word of
// the control buffer, any byte of the others, and the size of each at any time.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "fuzz/input.h"
#include "sys/mapping.h"
#include "sys/shm_file.h"
#include "wire/classic/control.h"
#include "wire/classic/setup.h"

namespace coroipc::fuzz {

struct ClassicFiles {
  // Of a client of that generation, with buffers of a page and a semaphore each that is right.
  explicit ClassicFiles(wire::classic::Generation generation, uint32_t service);
  // The same files at the other side, by the names in its setup message.
  explicit ClassicFiles(const wire::classic::Setup& heard);

  [[nodiscard]] std::byte* at(wire::classic::File file) const { return mapped[file]->data(); }
  // One hostile write, or a cut.
  void spoil(Input& input) const;
  // What a client does: a request in the buffer, mostly a right one, and the posts that go with it.
  // `stem` begins the names of the files that zero-copy messages tell of.
  void request(Input& input, const std::string& stem);
  // What a server does: an answer, or a message in the dispatch ring.
  void respond(Input& input) const;
  void dispatch(Input& input) const;
  // Reads what there is in the dispatch ring, as a client does.
  void drain() const { control->set_read_index(control->write_index()); }

  wire::classic::Setup setup;
  std::array<sys::ShmFile, wire::classic::kFiles> files;
  std::array<sys::Fd, wire::classic::kFiles> opened;  // of the other side
  sys::Fd zero_copy;                                  // of the buffer that was told of last
  std::array<std::shared_ptr<sys::Mapping>, wire::classic::kFiles> mapped;
  std::optional<wire::classic::Control> control;

 private:
  void map();
  void write_zero_copy(Input& input) const;
  [[nodiscard]] int descriptor(size_t file) const;
};

}  // namespace coroipc::fuzz
