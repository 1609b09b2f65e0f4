#include "sys/shm_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "sys/mapping.h"

namespace coroipc::sys {

namespace {

constexpr const char* kDirectory = "/dev/shm";
constexpr std::string_view kPrefix = "/dev/shm/";

// Whether a file holds `bytes` bytes, and no page more: some clients fill the last one up.
bool reaches(off_t size, size_t bytes) {
  return size >= 0 && static_cast<size_t>(size) >= bytes &&
         static_cast<size_t>(size) <= round_up_to_pages(bytes);
}

}  // namespace

ShmFile& ShmFile::operator=(ShmFile&& other) noexcept {
  if (this != &other) {
    unlink_now();
    fd_ = std::move(other.fd_);
    path_ = std::exchange(other.path_, {});
    left_ = std::exchange(other.left_, std::nullopt);
  }
  return *this;
}

Result<ShmFile> ShmFile::make(std::string_view prefix, size_t bytes, std::string_view mark) {
  std::string path(kPrefix);
  path.append(prefix).append("-");
  const size_t end = path.size();
  Fd fd;
  if (!mark.empty())
    fd = Fd(open(path.append(mark).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (mark.empty() || (!fd.open() && errno == EEXIST)) {
    path.replace(end, mark.size(), "XXXXXX");
    fd = Fd(mkostemp(path.data(), O_CLOEXEC));
  }
  if (!fd.open()) return system_failure("open");
  ShmFile file(std::move(fd), std::move(path));
  // The classic server maps what the size says, so the size must not be more than asked for.
  int code = EINTR;
  while (code == EINTR) code = posix_fallocate(file.fd_.get(), 0, static_cast<off_t>(bytes));
  if (code != 0) return system_failure("posix_fallocate", code);
  return file;
}

void ShmFile::unlink_now() {
  if (path_.empty() || left_.has_value()) return;
  unlink(path_.c_str());
  path_.clear();
}

void ShmFile::leave() {
  struct stat found {};
  if (fstat(fd_.get(), &found) == 0) {
    left_ = {found.st_dev, found.st_ino};
  } else {
    path_.clear();
  }
  fd_.reset();
}

void ShmFile::take_back() {
  if (!left_.has_value()) return;
  struct stat found {};
  if (lstat(path_.c_str(), &found) == 0 && found.st_dev == left_->device &&
      found.st_ino == left_->inode)
    unlink(path_.c_str());
  path_.clear();
  left_.reset();
}

void remove_peer_file(std::string_view prefix, std::string_view mark, uid_t owner) {
  const std::string path = std::string(kPrefix).append(prefix).append("-").append(mark);
  struct stat found {};
  if (lstat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) && found.st_uid == owner)
    unlink(path.c_str());
}

Result<Fd> open_peer_file(std::string_view path, uid_t owner, size_t bytes) {
  if (!path.starts_with(kPrefix)) return Failure{Status::kErrInvalidParam};
  const std::string name(path.substr(kPrefix.size()));
  if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..")
    return Failure{Status::kErrInvalidParam};
  const Fd directory(open(kDirectory, O_DIRECTORY | O_RDONLY | O_CLOEXEC));
  if (!directory.open()) return system_failure("open");
  // Non-blocking, so that a FIFO in the file's place cannot hold us.
  Fd file(openat(directory.get(), name.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.open()) return system_failure("openat");
  struct stat in_directory {};
  struct stat found {};
  if (fstat(directory.get(), &in_directory) != 0 || fstat(file.get(), &found) != 0)
    return system_failure("fstat");
  if (!S_ISREG(found.st_mode) || found.st_dev != in_directory.st_dev || found.st_nlink != 1 ||
      !reaches(found.st_size, bytes))
    return Failure{Status::kErrInvalidParam};
  if (found.st_uid != owner) return Failure{Status::kErrAccess};
  if (unlinkat(directory.get(), name.c_str(), 0) != 0) return system_failure("unlinkat");
  return file;
}

}  // namespace coroipc::sys
