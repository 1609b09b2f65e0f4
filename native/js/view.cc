#include "js/view.h"

#include "js/convert.h"
#include "js/env_state.h"
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

View::View(Napi::Env env, const wire::SharedMemory& memory) {
  hold_ = std::make_shared<Hold>(memory.hold);
  auto* const until_collected = new std::shared_ptr<Hold>(hold_);
  napi_value made = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, memory.data, memory.bytes,
      [](node_api_nogc_env, void*, void* hint) {
        delete static_cast<std::shared_ptr<Hold>*>(hint);
      },
      until_collected, &made);
  if (status != napi_ok) {
    delete until_collected;
    throw_status(env, Status::kErrNotSupported,
                 "this runtime allows no ArrayBuffer over shared memory");
    return;
  }
  buffer_ = Napi::Persistent(Napi::ArrayBuffer(env, made));
  data_ = memory.data;
}

void View::detach() {
  if (buffer_.IsEmpty()) return;
  const Napi::Env env = buffer_.Env();
  const Napi::HandleScope scope(env);
  Napi::ArrayBuffer buffer = buffer_.Value();
  // Where JavaScript was told to end, to detach would end the process: nobody looks through the
  // view any more, and it has its own hold on the memory.
  EnvState* const state = EnvState::of(env);
  const bool runs = state != nullptr && !env.IsExceptionPending() && !state->terminating();
  if (runs && !buffer.IsDetached()) buffer.Detach();
  // Nobody can reach it any more, whenever the collector comes.
  if (runs && buffer.IsDetached()) hold_->reset();
  buffer_.Reset();
}

Napi::Value RingViews::show(Napi::Env env, const wire::SharedRings& rings) {
  detach();
  ours_ = View(env, rings.ours);
  if (!ours_.empty()) theirs_ = View(env, rings.theirs);
  if (!theirs_.empty()) ledger_ = View(env, rings.ledger);
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
  found->second.detach();
  own_.erase(found);
}

void BufferViews::detach() {
  for (auto& [number, view] : own_) view.detach();
  for (auto& [number, view] : peer_) view.detach();
  forget();
}

Napi::Value BufferViews::view(Napi::Env env, View& view, const wire::SharedMemory& memory) {
  // A number gets another buffer when its last one is gone.
  if (!view.shows(memory)) {
    view.detach();
    view = View(env, memory);
  }
  return view.empty() ? env.Undefined() : Napi::Value(view.value());
}

}  // namespace coroipc::js
