// A process that has no room for a descriptor, for as long as this object lives.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

#include "sys/fd.h"

namespace coroipc::test {

class NoDescriptors {
 public:
  // But for so many.
  explicit NoDescriptors(size_t room = 0) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{256, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    for (int fd = dup(STDERR_FILENO); fd >= 0; fd = dup(STDERR_FILENO)) taken_.emplace_back(fd);
    for (; room > 0; --room) taken_.pop_back();
  }
  ~NoDescriptors() {
    taken_.clear();
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
  std::vector<sys::Fd> taken_;
};

}  // namespace coroipc::test
