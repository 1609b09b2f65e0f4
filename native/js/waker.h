// Wakes JavaScript from another thread. Two threadsafe functions that are called in turn: Node runs
// one that is called during its own call again at once, up to a thousand times, and a descriptor
// that stays ready would keep the rest of the loop waiting. With two, the loop comes round in
// between.
//
// Who is woken may be gone by then: a runtime may make (Deno does) the calls that it still held
// when the functions were released. They find nobody.
#pragma once

#include <napi.h>

#include <array>
#include <memory>

namespace coroipc::js {

class Woken {
 public:
  virtual ~Woken() = default;
  // On the environment's JavaScript thread, in a turn of its own.
  virtual void woken() = 0;
};

class Waker {
 public:
  // False: there is no memory for it. What was opened is released by `close`.
  [[nodiscard]] bool open(Napi::Env env, const std::weak_ptr<Woken>& woken);
  // Nobody is woken any more. Precondition: no other thread is in `wake`, or will be.
  void close();
  // From any thread, but never by two at once.
  void wake();
  // Whether it keeps the environment alive; it does not at first.
  void set_ref(Napi::Env env, bool ref);

 private:
  std::array<napi_threadsafe_function, 2> functions_{};
  size_t next_ = 0;
};

}  // namespace coroipc::js
