// The client's end of a classic connection, for both generations: makes the shared files and the
// setup message, then sends requests and reads the dispatch ring. See client_channel.h for who
// calls it.
#pragma once

#include <string>
#include <vector>

#include "sys/shm_file.h"
#include "sys/unix_socket.h"
#include "wire/classic/control.h"
#include "wire/classic/setup.h"
#include "wire/client_channel.h"

namespace coroipc::wire::classic {

struct BufferSizes {
  size_t request = 0;
  size_t response = 0;
  size_t dispatch = 0;  // whole pages
};

class ClassicClientChannel final : public ClientChannel {
 public:
  // Makes and maps the four files. The socket must outlive the channel.
  [[nodiscard]] static sys::Result<std::unique_ptr<ClassicClientChannel>> make(
      Generation generation, uint32_t service, const BufferSizes& sizes, const sys::Fd& socket);

  [[nodiscard]] const std::vector<std::byte>& setup_message() const { return setup_message_; }
  // The server said yes. It unlinks the files; one of generation 1.2 says yes before it has opened
  // them, so their names must stay until it does.
  void established() {
    for (sys::ShmFile& file : files_) file.leave();
  }
  // Whether it has shown that it did.
  [[nodiscard]] bool opened() const { return opened_; }
  // For a server that has opened the files and not unlinked them, or is gone.
  void take_names_back() {
    for (sys::ShmFile& file : files_) file.take_back();
  }

  // Of the connection; see unix_socket.h.
  [[nodiscard]] const std::string& mark() const { return mark_; }

  size_t request_bytes() const override { return request_->size(); }
  void send(Parts parts) override;
  bool reply_ready() const override { return control_.response().available(); }
  Reply take_reply(uint32_t& size) override;
  const std::shared_ptr<sys::Mapping>& response_memory() const override { return response_; }
  sys::Semaphore& reply_posted() override { return control_.response(); }
  std::shared_ptr<const void> memory() const override { return control_.memory(); }
  Next next(uint32_t& size) override;
  uint32_t message_size() const override { return message_size_; }
  uint32_t message_offset() const override { return read_index_; }
  const std::shared_ptr<sys::Mapping>& ring_memory() const override { return dispatch_; }
  bool put() override;
  bool flow_controlled() const override;
  bool said_goodbye() const override { return control_.closed(); }

 private:
  using Files = std::array<sys::ShmFile, kFiles>;
  using Mappings = std::array<std::shared_ptr<sys::Mapping>, kFiles>;
  ClassicClientChannel(Generation generation, const sys::Fd& socket, std::string mark, Files files,
                       const Mappings& mapped, std::vector<std::byte> setup_message);

  [[nodiscard]] bool old() const { return control_.generation() == Generation::k12; }
  [[nodiscard]] Next read_event();
  [[nodiscard]] Next look_at_message();
  void ask_for_flush();

  const sys::Fd& socket_;
  const std::string mark_;
  Files files_;
  std::vector<std::byte> setup_message_;
  Control control_;
  std::shared_ptr<sys::Mapping> request_;
  std::shared_ptr<sys::Mapping> response_;
  std::shared_ptr<sys::Mapping> dispatch_;
  ring::IndexRing ring_;
  bool opened_ = false;         // by the server: it wrote to them
  uint32_t read_index_ = 0;     // ours alone; the shared copy is only told
  uint32_t message_size_ = 0;   // of the current message; 0: none
  uint64_t unposted_ = 0;       // messages read whose post of the dispatch semaphore is to come
  bool server_queues_ = false;  // generation 1.2: what the last event byte said
  bool breached_ = false;       // a message was none
  bool owes_flush_ = false;     // generation 1.2: a flush byte that the socket had no room for
};

}  // namespace coroipc::wire::classic
