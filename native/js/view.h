// An ArrayBuffer over shared memory. What users see stays mapped until it was collected, and is
// never detached: what they have handed to a thread of Node's (zlib, crypto) is read and written
// there as long as the object lives, whatever becomes of the peer meanwhile, and Node ends the
// process where it finds that detached. What only the library sees is detached and unmapped with
// its connection.
#pragma once

#include <napi.h>

#include <memory>
#include <unordered_map>

#include "sys/mapping.h"
#include "wire/buffers.h"
#include "wire/shared_rings.h"

namespace coroipc::js {

class View {
 public:
  // Whether this runtime allows one.
  [[nodiscard]] static bool allowed(Napi::Env env);

  enum class For { kUsers, kLibrary };

  View() = default;
  // Empty when it could not be made; an exception is then pending.
  View(Napi::Env env, const wire::SharedMemory& memory, For whom = For::kUsers);
  View(Napi::Env env, const std::shared_ptr<sys::Mapping>& memory, size_t offset, size_t bytes)
      : View(env, wire::SharedMemory{memory, memory->data() + offset, bytes}) {}

  [[nodiscard]] bool empty() const { return buffer_.IsEmpty(); }
  // Precondition of both: not empty.
  [[nodiscard]] Napi::ArrayBuffer value() const { return buffer_.Value(); }
  [[nodiscard]] bool is(const Napi::Value& other) const { return value().StrictEquals(other); }

  // Whether it is of that memory.
  [[nodiscard]] bool shows(const wire::SharedMemory& memory) const {
    return !empty() && data_ == memory.data;
  }

  // Every Buffer made over it is empty then, not dangling. Of what only the library sees.
  void detach();
  // Gives the memory back, of which this is the only view; JavaScript sees zeros there, of its own.
  void blank();

 private:
  // What the finalizers share.
  using Hold = std::shared_ptr<const void>;

  Napi::Reference<Napi::ArrayBuffer> buffer_;
  std::shared_ptr<Hold> hold_;
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
};

// What JavaScript sees of a connection's rings.
class RingViews {
 public:
  // All that it needs to go on with them; undefined, with an exception pending, when it cannot be
  // made.
  [[nodiscard]] Napi::Value show(Napi::Env env, const wire::SharedRings& rings);
  void detach();

 private:
  View ours_;
  View theirs_;
  View ledger_;
};

// The views of a connection's zero-copy buffers on the native wire, ours and the peer's, by number.
// One buffer has one view as long as it lives: to make one a message would cost more than the
// message.
class BufferViews {
 public:
  // The view; undefined, with an exception pending, when it cannot be made.
  [[nodiscard]] Napi::Value own(Napi::Env env, uint32_t number, const wire::SharedMemory& memory) {
    return view(env, own_[number], memory);
  }
  [[nodiscard]] Napi::Value peer(Napi::Env env, uint32_t number, const wire::SharedMemory& memory) {
    return view(env, peer_[number], memory);
  }
  // Whether that is what JavaScript has seen last under this number.
  [[nodiscard]] bool shows_peer(uint32_t number, const wire::SharedMemory& memory) const {
    const auto found = peer_.find(number);
    return found != peer_.end() && found->second.shows(memory);
  }
  // The buffer is gone, and not its connection.
  void drop_own(uint32_t number);
  void forget() {
    own_.clear();
    peer_.clear();
  }

 private:
  [[nodiscard]] static Napi::Value view(Napi::Env env, View& view,
                                        const wire::SharedMemory& memory);

  std::unordered_map<uint32_t, View> own_;
  std::unordered_map<uint32_t, View> peer_;
};

}  // namespace coroipc::js
