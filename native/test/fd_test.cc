#include "sys/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include "test/test.h"

namespace coroipc::sys {
namespace {

Fd null_device() { return Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(fd_closes_at_the_end_of_its_life) {
  int number = -1;
  {
    const Fd fd = null_device();
    REQUIRE(fd.open());
    number = fd.get();
    CHECK(is_open(number));
  }
  CHECK(!is_open(number));
}

TEST(fd_has_one_owner) {
  Fd first = null_device();
  REQUIRE(first.open());
  const int number = first.get();
  Fd second(std::move(first));
  CHECK_EQ(second.get(), number);
  CHECK(is_open(number));
  Fd third = null_device();
  const int replaced = third.get();
  third = std::move(second);
  CHECK_EQ(third.get(), number);
  CHECK(!is_open(replaced));
  third.reset();
  CHECK(!third.open());
  CHECK(!is_open(number));
}

}  // namespace
}  // namespace coroipc::sys
