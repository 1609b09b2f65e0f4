#include "epoll/border.h"

#include <cerrno>
#include <cstring>
#include <string>

namespace coroipc::epoll {
namespace {

// The names of what the system calls here can say.
std::string error_name(int error) {
  switch (error) {
    case EBADF:
      return "EBADF";
    case EEXIST:
      return "EEXIST";
    case EINVAL:
      return "EINVAL";
    case ELOOP:
      return "ELOOP";
    case EMFILE:
      return "EMFILE";
    case ENFILE:
      return "ENFILE";
    case ENOENT:
      return "ENOENT";
    case ENOMEM:
      return "ENOMEM";
    case ENOSPC:
      return "ENOSPC";
    case EPERM:
      return "EPERM";
    default:
      return std::string("E").append(std::to_string(error));
  }
}

}  // namespace

void throw_failure(Napi::Env env, const sys::Failure& failure, const std::string& what) {
  const std::string name = error_name(failure.code);
  Napi::Error error =
      Napi::Error::New(env, what + ": " + std::strerror(failure.code) + " (" + name + ")");
  error.Set("code", name);
  error.Set("errno", Napi::Number::New(env, failure.code));
  if (failure.call[0] != '\0') error.Set("syscall", failure.call);
  error.ThrowAsJavaScriptException();
}

bool numbers(const Napi::CallbackInfo& info, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (info[i].IsNumber()) continue;
    Napi::TypeError::New(info.Env(), "argument " + std::to_string(i) + " must be a number")
        .ThrowAsJavaScriptException();
    return false;
  }
  return true;
}

}  // namespace coroipc::epoll
