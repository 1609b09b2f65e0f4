#include "sys/result.h"

namespace coroipc::sys {

namespace {

Status status_of(int code) {
  switch (code) {
    case EMFILE:
    case ENFILE:
      return Status::kErrNoResources;
    case ENOMEM:
      return Status::kErrNoMemory;
    case ENOSPC:
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

}  // namespace coroipc::sys
