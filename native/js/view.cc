#include "js/view.h"

#include "js/convert.h"

namespace coroipc::js {

namespace {

using Keeper = std::shared_ptr<sys::Mapping>;

}  // namespace

View::View(Napi::Env env, Keeper memory, size_t offset, size_t bytes) {
  auto* keeper = new Keeper(std::move(memory));
  napi_value made = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, (*keeper)->data() + offset, bytes,
      [](node_api_nogc_env, void*, void* hint) { delete static_cast<Keeper*>(hint); }, keeper,
      &made);
  if (status != napi_ok) {
    delete keeper;
    throw_status(env, Status::kErrNotSupported,
                 "this runtime allows no ArrayBuffer over shared memory");
    return;
  }
  buffer_ = Napi::Persistent(Napi::ArrayBuffer(env, made));
}

void View::detach() {
  if (buffer_.IsEmpty()) return;
  const Napi::HandleScope scope(buffer_.Env());
  Napi::ArrayBuffer buffer = buffer_.Value();
  if (!buffer.IsDetached()) buffer.Detach();
  buffer_.Reset();
}

}  // namespace coroipc::js
