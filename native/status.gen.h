// Made from native/status.json by scripts/generate-status.mjs: change that file, then run
// `npm run generate`.
#pragma once

namespace coroipc {

// The outcome of an operation, with the numbers that travel on the wire (corosync's cs_error_t).
enum class Status : int {
  kOk = 1,
  kErrLibrary = 2,
  kErrVersion = 3,
  kErrInit = 4,
  kErrTimeout = 5,
  kErrTryAgain = 6,
  kErrInvalidParam = 7,
  kErrNoMemory = 8,
  kErrBadHandle = 9,
  kErrBusy = 10,
  kErrAccess = 11,
  kErrNotExist = 12,
  kErrNameTooLong = 13,
  kErrExist = 14,
  kErrNoSpace = 15,
  kErrInterrupt = 16,
  kErrNameNotFound = 17,
  kErrNoResources = 18,
  kErrNotSupported = 19,
  kErrBadOperation = 20,
  kErrFailedOperation = 21,
  kErrMessageError = 22,
  kErrQueueFull = 23,
  kErrQueueNotAvailable = 24,
  kErrBadFlags = 25,
  kErrTooBig = 26,
  kErrNoSections = 27,
  kErrContextNotFound = 28,
  kErrTooManyGroups = 30,
  kErrInShutdown = 31,
  kErrSecurity = 100,
};

}  // namespace coroipc
