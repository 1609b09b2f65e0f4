#include "js/scratch.h"

namespace coroipc::js {

bool Scratch::attach(const Napi::Value& value) {
  if (!value.IsArrayBuffer() || value.As<Napi::ArrayBuffer>().ByteLength() != kBytes) {
    Napi::TypeError::New(value.Env(),
                         "scratch must be an ArrayBuffer of " + std::to_string(kBytes) + " bytes")
        .ThrowAsJavaScriptException();
    return false;
  }
  Napi::ArrayBuffer buffer = value.As<Napi::ArrayBuffer>();
  data_ = static_cast<std::byte*>(buffer.Data());
  buffer_ = Napi::Persistent(buffer);
  return true;
}

bool Arrivals::attach(const Napi::Value& value) {
  if (!value.IsArrayBuffer()) {
    Napi::TypeError::New(value.Env(), "arrivals must be an ArrayBuffer")
        .ThrowAsJavaScriptException();
    return false;
  }
  buffer_ = Napi::Persistent(value.As<Napi::ArrayBuffer>());
  used() = 0;
  return true;
}

std::span<std::byte> Arrivals::room() const {
  if (buffer_.IsEmpty()) return {};
  void* data = nullptr;
  size_t bytes = 0;
  // Asked each time: a user may have transferred the buffer to another thread.
  if (napi_get_arraybuffer_info(buffer_.Env(), buffer_.Value(), &data, &bytes) != napi_ok ||
      data == nullptr || bytes < used())
    return {};
  return {static_cast<std::byte*>(data) + used(), bytes - used()};
}

}  // namespace coroipc::js
