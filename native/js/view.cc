#include "js/view.h"

#include <memory>

#include "js/convert.h"
#include "js/env_state.h"
#include "sys/mapping.h"
#include "sys/sealed_memory.h"

namespace coroipc::js {

bool View::allowed(Napi::Env env) {
  auto* byte = new std::byte{};
  napi_value made = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, byte, sizeof *byte,
      [](node_api_nogc_env, void* data, void*) { delete static_cast<std::byte*>(data); }, nullptr,
      &made);
  if (status != napi_ok) delete byte;
  return status == napi_ok;
}

View::View(Napi::Env env, const wire::SharedMemory& memory, For whom)
    : hold_(std::make_shared<Hold>(memory.hold)), data_(memory.data), bytes_(memory.bytes) {
  const auto let_go = [](node_api_nogc_env, void*, void* hold) {
    delete static_cast<std::shared_ptr<Hold>*>(hold);
  };
  napi_value made = nullptr;
  // One for the bytes, which users may transfer to another object, and one for this object.
  auto hold = std::make_unique<std::shared_ptr<Hold>>(hold_);
  if (napi_create_external_arraybuffer(env, memory.data, memory.bytes, let_go, hold.get(), &made) !=
      napi_ok) {
    throw_status(env, Status::kErrNotSupported,
                 "this runtime allows no ArrayBuffer over shared memory");
    return;
  }
  (void)hold.release();
  hold = std::make_unique<std::shared_ptr<Hold>>(hold_);
  if (whom == For::kUsers &&
      napi_add_finalizer(env, made, nullptr, let_go, hold.get(), nullptr) == napi_ok)
    (void)hold.release();
  buffer_ = Napi::Persistent(Napi::ArrayBuffer(env, made));
}

void View::detach() {
  if (empty()) return;
  const Napi::Env env = buffer_.Env();
  const Napi::HandleScope scope(env);
  Napi::ArrayBuffer buffer = buffer_.Value();
  // Where JavaScript was told to end, to detach would end the process: nobody looks through the
  // view any more.
  EnvState* const state = EnvState::of(env);
  const bool runs = state != nullptr && !env.IsExceptionPending() && !state->terminating();
  if (runs && !buffer.IsDetached()) buffer.Detach();
  // Nobody can reach it any more, whenever the finalizer comes.
  if (runs && buffer.IsDetached()) hold_->reset();
  *this = View();
}

void View::blank() {
  if (!empty()) sys::blank(data_, bytes_);
  *this = View();
}

Napi::Value RingViews::show(Napi::Env env, const wire::SharedRings& rings) {
  detach();
  ours_ = View(env, rings.ours, View::For::kLibrary);
  if (!ours_.empty()) theirs_ = View(env, rings.theirs, View::For::kLibrary);
  if (!theirs_.empty()) ledger_ = View(env, rings.ledger, View::For::kLibrary);
  if (ledger_.empty()) return env.Undefined();
  const auto number = [&](auto value) {
    return Napi::Number::New(env, static_cast<double>(value));
  };
  Napi::Object shown = Napi::Object::New(env);
  shown.Set("ours", ours_.value());
  shown.Set("theirs", theirs_.value());
  shown.Set("ledger", ledger_.value());
  shown.Set("controlBytes", number(sys::control_bytes()));
  shown.Set("requestBytes", number(rings.request_bytes));
  shown.Set("responseBytes", number(rings.response_bytes));
  shown.Set("dispatchBytes", number(rings.dispatch_bytes));
  shown.Set("maxInFlight", number(rings.max_in_flight));
  return shown;
}

void RingViews::detach() {
  ours_.detach();
  theirs_.detach();
  ledger_.detach();
}

void BufferViews::drop_own(uint32_t number) {
  const auto found = own_.find(number);
  if (found == own_.end()) return;
  found->second.blank();
  own_.erase(found);
}

Napi::Value BufferViews::view(Napi::Env env, View& view, const wire::SharedMemory& memory) {
  // A number gets another buffer when its last one is gone.
  if (!view.shows(memory)) {
    view.blank();
    view = View(env, memory);
  }
  return view.empty() ? env.Undefined() : Napi::Value(view.value());
}

}  // namespace coroipc::js
