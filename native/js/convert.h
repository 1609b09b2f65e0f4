// Values on their way over the border, and errors on their way back. Every reader here throws a
// TypeError in JavaScript and says false when the value is not what it should be; the caller then
// returns at once.
#pragma once

#include <napi.h>

#include <array>
#include <span>
#include <string>
#include <vector>

#include "sys/result.h"
#include "wire/message.h"

namespace coroipc::js {

// Throws the CoroIpcError that `setup` handed over.
void throw_status(Napi::Env env, Status status, const std::string& what);
void throw_failure(Napi::Env env, const sys::Failure& failure, const std::string& what);

// A whole number from 0 to 2^53 - 1.
[[nodiscard]] bool read_number(const Napi::Value& value, uint64_t& number);
[[nodiscard]] bool read_double(const Napi::Value& value, double& number);
[[nodiscard]] bool read_bytes(const Napi::Value& value, std::span<std::byte>& bytes);

// Whether it is `true`.
[[nodiscard]] bool is_true(const Napi::Value& value);

// A time in milliseconds from now, negative for never, as a deadline.
[[nodiscard]] bool read_deadline(const Napi::Value& value, int64_t& deadline_ns);

// Whether a number of bytes is from `least` to the most that the wire can carry; a RangeError is
// pending when it is not.
[[nodiscard]] bool size_fits(Napi::Env env, const char* name, uint64_t size, uint64_t least);

// A member of an options object.
[[nodiscard]] bool read_member(const Napi::Object& options, const char* name, uint64_t& number);
[[nodiscard]] bool read_member(const Napi::Object& options, const char* name, double& number);

// A message on its way in: a number of bytes that lie in the scratch, or an array of Uint8Arrays.
// It is good until JavaScript runs again.
class MessageReader {
 public:
  [[nodiscard]] bool read(const Napi::Value& value);
  [[nodiscard]] wire::Parts parts() const {
    return many_.empty() ? wire::Parts(few_.data(), count_) : wire::Parts(many_);
  }
  [[nodiscard]] size_t bytes() const { return wire::total_size(parts()); }

 private:
  [[nodiscard]] bool read_parts(const Napi::Value& value);

  std::array<wire::Bytes, 8> few_;
  size_t count_ = 0;
  std::vector<wire::Bytes> many_;
};

}  // namespace coroipc::js
