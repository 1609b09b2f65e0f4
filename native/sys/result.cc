#include "sys/result.h"

namespace coroipc::sys {

namespace {

Status status_of(int code) {
  switch (code) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
      return Status::kErrNoResources;
    case ENOMEM:
      return Status::kErrNoMemory;
    case ENOSPC:
    case EDQUOT:
      return Status::kErrNoSpace;
    case EAGAIN:
    case ECONNREFUSED:
      return Status::kErrTryAgain;
    case EACCES:
    case EPERM:
      return Status::kErrAccess;
    case EADDRINUSE:
      return Status::kErrExist;
    default:
      return Status::kErrLibrary;
  }
}

}  // namespace

Failure system_failure(const char* call, int code) { return {status_of(code), code, call}; }

std::string in_words(const Failure& failure) {
  if (failure.code == 0) return "";
  return std::string(" (") + failure.call + ": errno " + std::to_string(failure.code) + ")";
}

bool is_want(const Failure& failure) {
  return failure.code != 0 &&
         (failure.status == Status::kErrNoResources || failure.status == Status::kErrNoMemory ||
          failure.status == Status::kErrNoSpace);
}

}  // namespace coroipc::sys
