#include "js/convert.h"

#include <cmath>

#include "js/env_state.h"
#include "sys/clock.h"

namespace coroipc::js {

namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;

bool type_error(Napi::Env env, const char* what) {
  Napi::TypeError::New(env, what).ThrowAsJavaScriptException();
  return false;
}

}  // namespace

void throw_status(Napi::Env env, Status status, const std::string& what) {
  throw_failure(env, sys::Failure{status}, what);
}

void throw_failure(Napi::Env env, const sys::Failure& failure, const std::string& what) {
  EnvState* state = EnvState::of(env);
  if (state == nullptr || state->error_class.IsEmpty())
    return Napi::Error::New(env, what).ThrowAsJavaScriptException();
  Napi::Object details = Napi::Object::New(env);
  if (failure.code != 0) {
    details.Set("errno", failure.code);
    details.Set("syscall", failure.call);
  }
  const Napi::Value error =
      state->error_class.New({Napi::Number::New(env, static_cast<int>(failure.status)),
                              Napi::String::New(env, what), details});
  if (!env.IsExceptionPending()) napi_throw(env, error);
}

bool read_double(const Napi::Value& value, double& number) {
  if (napi_get_value_double(value.Env(), value, &number) != napi_ok || std::isnan(number))
    return type_error(value.Env(), "a number was expected");
  return true;
}

bool read_number(const Napi::Value& value, uint64_t& number) {
  double found = 0;
  if (!read_double(value, found)) return false;
  if (!(found >= 0 && found <= kMaxSafeInteger) ||
      static_cast<double>(static_cast<uint64_t>(found)) != found)
    return type_error(value.Env(), "a whole number from 0 to 2^53 - 1 was expected");
  number = static_cast<uint64_t>(found);
  return true;
}

bool read_bytes(const Napi::Value& value, std::span<std::byte>& bytes) {
  napi_typedarray_type type{};
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) !=
          napi_ok ||
      (type != napi_uint8_array && type != napi_uint8_clamped_array))
    return type_error(value.Env(), "a Uint8Array was expected");
  // A detached array has no data, whatever length it says.
  bytes = {static_cast<std::byte*>(data), data == nullptr ? 0 : length};
  return true;
}

bool is_true(const Napi::Value& value) {
  bool found = false;
  return napi_get_value_bool(value.Env(), value, &found) == napi_ok && found;
}

bool read_deadline(const Napi::Value& value, int64_t& deadline_ns) {
  double timeout = 0;
  if (!read_double(value, timeout)) return false;
  deadline_ns = sys::deadline_after_ms(timeout);
  return true;
}

// The ring's indices are 32 bit, and a size of a message is a positive 32-bit number.
bool size_fits(Napi::Env env, const char* name, uint64_t size, uint64_t least) {
  if (size >= least && size <= wire::kMaxBufferBytes) return true;
  Napi::RangeError::New(env, std::string(name) + " must be from " + std::to_string(least) + " to " +
                                 std::to_string(wire::kMaxBufferBytes) + " bytes, not " +
                                 std::to_string(size))
      .ThrowAsJavaScriptException();
  return false;
}

bool read_member(const Napi::Object& options, const char* name, double& number) {
  const Napi::Value value = options.Get(name);
  if (value.IsEmpty()) return false;
  return read_double(value, number);
}

bool read_member(const Napi::Object& options, const char* name, uint64_t& number) {
  const Napi::Value value = options.Get(name);
  if (value.IsEmpty()) return false;
  return read_number(value, number);
}

bool MessageReader::read(const Napi::Value& value) {
  double bytes = 0;
  if (napi_get_value_double(value.Env(), value, &bytes) != napi_ok) return read_parts(value);
  const std::span<std::byte> room = EnvState::of(value.Env())->scratch.room();
  if (!(bytes >= 0 && bytes <= static_cast<double>(room.size())))
    return type_error(value.Env(), "a message in the scratch does not lie in it");
  few_[0] = room.first(static_cast<size_t>(bytes));
  count_ = 1;
  return true;
}

bool MessageReader::read_parts(const Napi::Value& value) {
  const Napi::Env env = value.Env();
  uint32_t count = 0;
  if (napi_get_array_length(env, value, &count) != napi_ok)
    return type_error(env, "an array of Uint8Arrays was expected");
  if (count > few_.size()) many_.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    napi_value element = nullptr;
    std::span<std::byte> bytes;
    if (napi_get_element(env, value, i, &element) != napi_ok) return false;
    if (!read_bytes(Napi::Value(env, element), bytes)) return false;
    if (count > few_.size()) {
      many_.emplace_back(bytes);
    } else {
      few_[i] = bytes;
    }
  }
  count_ = count;
  return true;
}

}  // namespace coroipc::js
