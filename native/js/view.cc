#include "js/view.h"

#include "js/convert.h"
#include "js/env_state.h"

namespace coroipc::js {

namespace {

using Keeper = std::shared_ptr<const void>;

}  // namespace

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
  auto* keeper = new Keeper(memory.hold);
  napi_value made = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, memory.data, memory.bytes,
      [](node_api_nogc_env, void*, void* hint) { delete static_cast<Keeper*>(hint); }, keeper,
      &made);
  if (status != napi_ok) {
    delete keeper;
    throw_status(env, Status::kErrNotSupported,
                 "this runtime allows no ArrayBuffer over shared memory");
    return;
  }
  buffer_ = Napi::Persistent(Napi::ArrayBuffer(env, made));
  data_ = memory.data;
}

void View::detach() {
  if (buffer_.IsEmpty()) return;
  const Napi::HandleScope scope(buffer_.Env());
  Napi::ArrayBuffer buffer = buffer_.Value();
  if (!buffer.IsDetached()) buffer.Detach();
  buffer_.Reset();
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
