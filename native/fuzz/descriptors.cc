#include "fuzz/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coroipc::fuzz {

namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
constexpr size_t kMostBytes = size_t{1} << 20;
constexpr const char* kDirectory = "/dev/shm/";

// Whether something was put there that has to be swept up.
bool littered = false;

enum class Fill { kAll, kHoles };

sys::Fd memory(size_t bytes, Fill fill, int seals) {
  sys::Fd file(memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const auto size = static_cast<off_t>(std::min(bytes, kMostBytes));
  // An empty file cannot be filled, and is one of those that are wrong.
  if (fill == Fill::kAll && size > 0) {
    (void)posix_fallocate(file.get(), 0, size);
  } else {
    (void)!ftruncate(file.get(), size);
  }
  (void)fcntl(file.get(), F_ADD_SEALS, seals);
  return file;
}

// The same file by another kind of opening.
sys::Fd reopened(const sys::Fd& file, int flags) {
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  return sys::Fd(open(path.c_str(), flags | O_CLOEXEC));
}

sys::Fd pipe_end(size_t which) {
  int ends[2] = {-1, -1};
  (void)!pipe2(ends, O_CLOEXEC | O_NONBLOCK);
  sys::Fd both[] = {sys::Fd(ends[0]), sys::Fd(ends[1])};
  return std::move(both[which]);
}

std::string place(const std::string& stem, int number) {
  return kDirectory + stem + std::to_string(number);
}

void make_file(const std::string& path, size_t bytes) {
  const sys::Fd file(open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  (void)!ftruncate(file.get(), static_cast<off_t>(std::min(bytes, kMostBytes)));
}

}  // namespace

sys::Fd right_descriptor(size_t bytes) { return memory(bytes, Fill::kAll, kSeals); }

sys::Fd some_descriptor(Input& input, size_t right) {
  switch (input.below(15)) {
    case 0:
      return right_descriptor(right);
    case 1:
      return {};
    case 2:
      return memory(input.near<uint32_t>(static_cast<uint32_t>(right)), Fill::kAll, kSeals);
    case 3:
      return memory(right, Fill::kAll, input.byte());
    case 4:
      return memory(right, Fill::kHoles, kSeals);
    case 5:
      return reopened(right_descriptor(right), O_RDONLY);
    case 6:
      return reopened(right_descriptor(right), O_PATH);
    case 7:
      return sys::Fd(open("/dev/null", O_RDWR | O_CLOEXEC));
    case 8:
      return sys::Fd(open("/dev/zero", O_RDWR | O_CLOEXEC));
    case 9:
      return pipe_end(input.below(2));
    case 10:
      return sys::Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    case 11:
      return sys::Fd(epoll_create1(EPOLL_CLOEXEC));
    case 12:
      return sys::Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    case 13:
      return sys::Fd(open(kDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    default: {
      sys::Fd file(open(kDirectory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
      (void)!ftruncate(file.get(), static_cast<off_t>(std::min(right, kMostBytes)));
      return file;
    }
  }
}

std::string right_path(const std::string& stem, int number, size_t bytes) {
  std::string path = place(stem, number);
  littered = true;
  make_file(path, bytes);
  return path;
}

std::string some_path(Input& input, const std::string& stem, int number, size_t right) {
  const std::string path = place(stem, number);
  littered = true;
  switch (input.below(10)) {
    case 0:
      return right_path(stem, number, right);
    case 1:
      return path;
    case 2:
      return right_path(stem, number, input.near<uint32_t>(static_cast<uint32_t>(right)));
    case 3:
      (void)mkfifo(path.c_str(), 0600);
      return path;
    case 4:
      (void)mkdir(path.c_str(), 0700);
      return path;
    case 5:
      make_file(path + "-target", right);
      (void)!symlink((path + "-target").c_str(), path.c_str());
      return path;
    case 6:
      make_file(path, right);
      (void)!link(path.c_str(), (path + "-twin").c_str());
      return path;
    case 7:
      make_file(path, right);
      return std::string(kDirectory) + "../shm/" + stem + std::to_string(number);
    case 8:
      return "/dev/shm/..";
    default: {
      const std::span<const std::byte> raw = input.bytes(input.below(64));
      std::string text = "/dev/shm/" + stem;
      text.append(reinterpret_cast<const char*>(raw.data()), raw.size());
      return text;
    }
  }
}

void sweep(const std::string& stem) {
  if (!std::exchange(littered, false)) return;
  DIR* const directory = opendir(kDirectory);
  DEMAND(directory != nullptr);
  while (const dirent* const entry = readdir(directory)) {
    const std::string name = entry->d_name;
    if (!name.starts_with(stem)) continue;
    const std::string path = kDirectory + name;
    if (unlink(path.c_str()) != 0) (void)rmdir(path.c_str());
  }
  closedir(directory);
}

std::pair<sys::Fd, sys::Fd> socket_pair() {
  int fds[2] = {-1, -1};
  DEMAND(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
  return {sys::Fd(fds[0]), sys::Fd(fds[1])};
}

size_t open_descriptors() {
  DIR* const directory = opendir("/proc/self/fd");
  DEMAND(directory != nullptr);
  size_t count = 0;
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

}  // namespace coroipc::fuzz
