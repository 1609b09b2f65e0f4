#include "js/waker.h"

namespace coroipc::js {
namespace {

// Belongs to a threadsafe function until that is finalized.
struct Ticket {
  std::weak_ptr<Woken> woken;
};

void call(napi_env env, napi_value, void* ticket, void*) {
  // Without an environment it is one of the calls that Node still held at the release.
  if (env == nullptr) return;
  const std::shared_ptr<Woken> woken = static_cast<Ticket*>(ticket)->woken.lock();
  if (woken != nullptr) woken->woken();
}

void finalize(napi_env, void* ticket, void*) { delete static_cast<Ticket*>(ticket); }

}  // namespace

bool Waker::open(Napi::Env env, const std::weak_ptr<Woken>& woken) {
  const Napi::String name = Napi::String::New(env, "coroipc:watcher");
  for (napi_threadsafe_function& each : functions_) {
    auto* ticket = new Ticket{woken};
    if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, ticket, finalize, ticket,
                                        call, &each) != napi_ok) {
      delete ticket;
      return false;
    }
    napi_unref_threadsafe_function(env, each);
  }
  return true;
}

void Waker::close() {
  for (napi_threadsafe_function& each : functions_) {
    if (each != nullptr) napi_release_threadsafe_function(each, napi_tsfn_abort);
    each = nullptr;
  }
}

void Waker::wake() {
  next_ = 1 - next_;
  napi_call_threadsafe_function(functions_[next_], nullptr, napi_tsfn_nonblocking);
}

void Waker::set_ref(Napi::Env env, bool ref) {
  for (const napi_threadsafe_function each : functions_) {
    ref ? napi_ref_threadsafe_function(env, each) : napi_unref_threadsafe_function(env, each);
  }
}

}  // namespace coroipc::js
