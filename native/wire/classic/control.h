// The control buffer of a connection: indices, flags and semaphores by their meaning, for either
// generation. Every word may be written by the peer at any time.
#pragma once

#include <atomic>
#include <memory>

#include "ring/index_ring.h"
#include "sys/mapping.h"
#include "sys/semaphore.h"
#include "wire/classic/layout.h"

namespace coroipc::wire::classic {

class Control {
 public:
  // Precondition: the mapping has kControlBytes.
  Control(std::shared_ptr<sys::Mapping> memory, Generation generation)
      : memory_(std::move(memory)), generation_(generation), at_(control_layout(generation)) {}

  [[nodiscard]] Generation generation() const { return generation_; }
  [[nodiscard]] const std::shared_ptr<sys::Mapping>& memory() const { return memory_; }
  [[nodiscard]] ring::IndexRing ring(uint32_t bytes) const {
    return generation_ == Generation::k12
               ? ring::IndexRing(bytes, kRingReserve12, kRingAlignment12)
               : ring::IndexRing(bytes, kRingReserve14, kRingAlignment14);
  }

  // For the client, before the server sees the memory.
  void init_semaphores() const {
    for (sys::Semaphore* semaphore : {&wake(), &request(), &response(), &dispatch()})
      semaphore->init();
  }

  [[nodiscard]] sys::Semaphore& wake() const { return semaphore(at_.wake); }
  [[nodiscard]] sys::Semaphore& request() const { return semaphore(at_.request); }
  [[nodiscard]] sys::Semaphore& response() const { return semaphore(at_.response); }
  [[nodiscard]] sys::Semaphore& dispatch() const { return semaphore(at_.dispatch); }

  [[nodiscard]] uint32_t read_index() const { return load(kReadIndex); }
  void set_read_index(uint32_t value) const { store(kReadIndex, value); }
  [[nodiscard]] uint32_t write_index() const { return load(kWriteIndex); }
  void set_write_index(uint32_t value) const { store(kWriteIndex, value); }

  // Flags that only generation 1.4 has; in 1.2 they read as false.
  [[nodiscard]] bool flow_controlled() const {
    return at_.flow_control != 0 && load(at_.flow_control) != 0;
  }
  void set_flow_controlled(bool on) const {
    if (at_.flow_control != 0) store(at_.flow_control, on ? 1 : 0);
  }
  [[nodiscard]] bool closed() const { return at_.closed != 0 && load(at_.closed) != 0; }
  void set_closed() const {
    if (at_.closed != 0) store(at_.closed, 1);
  }

 private:
  [[nodiscard]] sys::Semaphore& semaphore(size_t offset) const {
    return *reinterpret_cast<sys::Semaphore*>(memory_->data() + offset);
  }
  [[nodiscard]] uint32_t& word(size_t offset) const {
    return *reinterpret_cast<uint32_t*>(memory_->data() + offset);
  }
  [[nodiscard]] uint32_t load(size_t offset) const {
    return std::atomic_ref(word(offset)).load(std::memory_order_seq_cst);
  }
  void store(size_t offset, uint32_t value) const {
    std::atomic_ref(word(offset)).store(value, std::memory_order_seq_cst);
  }

  std::shared_ptr<sys::Mapping> memory_;
  Generation generation_;
  const ControlLayout& at_;
};

}  // namespace coroipc::wire::classic
