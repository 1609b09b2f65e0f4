// How the core says that something did not work: a status for the caller's caller, and, where a
// system call failed, its errno and name, passed on unchanged.
#pragma once

#include <cerrno>
#include <string>
#include <utility>
#include <variant>

#include "status.gen.h"

namespace coroipc::sys {

struct Failure {
  Status status = Status::kErrLibrary;
  int code = 0;           // errno, or 0 when no system call failed
  const char* call = "";  // the system call's name; always a literal
};

// The failure of the system call `call`, from errno unless `code` is given.
[[nodiscard]] Failure system_failure(const char* call, int code = errno);

// The system call and its errno, to stand behind what it was for; nothing when none failed.
[[nodiscard]] std::string in_words(const Failure& failure);

// Whether the system had no descriptor, memory, space or thread left.
[[nodiscard]] bool is_want(const Failure& failure);

template <class T>
class [[nodiscard]] Result {
 public:
  // Both conversions are wanted: a function returns its value or its failure by name.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure failure) : state_(std::in_place_index<1>, failure) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  // Precondition: ok().
  [[nodiscard]] T& value() { return *std::get_if<0>(&state_); }
  // Precondition: !ok().
  [[nodiscard]] const Failure& failure() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Failure> state_;
};

struct Nothing {};
using Outcome = Result<Nothing>;

}  // namespace coroipc::sys
