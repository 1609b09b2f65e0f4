// Real descriptors for the tests of poll adapters: connected pairs of stream sockets, and the few
// calls that bring them into every state; and the limits of this process, for those that run out of
// something. An addon of its own, that no package contains.

#include <node_api.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace {

constexpr size_t kMostArguments = 2;

napi_value fail(napi_env env, const char* call) {
  napi_throw_error(env, call, std::strerror(errno));
  return nullptr;
}

int number(napi_env env, napi_callback_info info, napi_value* second = nullptr) {
  napi_value values[kMostArguments] = {};
  size_t count = kMostArguments;
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  int value = -1;
  napi_get_value_int32(env, values[0], &value);
  if (second != nullptr) *second = values[1];
  return value;
}

// socketPair(): [fd, fd], both non-blocking and close-on-exec
napi_value socket_pair(napi_env env, napi_callback_info) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
    return fail(env, "socketpair");
  }
  napi_value pair = nullptr;
  napi_create_array_with_length(env, 2, &pair);
  for (uint32_t i = 0; i < 2; ++i) {
    napi_value fd = nullptr;
    napi_create_int32(env, fds[i], &fd);
    napi_set_element(env, pair, i, fd);
  }
  return pair;
}

// write(fd, bytes): how many were written
napi_value write_bytes(napi_env env, napi_callback_info info) {
  napi_value bytes = nullptr;
  const int fd = number(env, info, &bytes);
  void* data = nullptr;
  size_t length = 0;
  napi_typedarray_type type = napi_uint8_array;
  if (napi_get_typedarray_info(env, bytes, &type, &length, &data, nullptr, nullptr) != napi_ok) {
    errno = EINVAL;
    return fail(env, "write");
  }
  const ssize_t written = send(fd, data, length, MSG_NOSIGNAL);
  if (written < 0) return fail(env, "write");
  napi_value result = nullptr;
  napi_create_int64(env, written, &result);
  return result;
}

// read(fd): at most 64 KiB of what waits; empty at the end of the stream
napi_value read_bytes(napi_env env, napi_callback_info info) {
  static thread_local char room[65536];
  const ssize_t got = read(number(env, info), room, sizeof room);
  if (got < 0) return fail(env, "read");
  napi_value buffer = nullptr;
  napi_create_buffer_copy(env, static_cast<size_t>(got), room, nullptr, &buffer);
  return buffer;
}

// close(fd)
napi_value close_fd(napi_env env, napi_callback_info info) {
  return close(number(env, info)) == 0 ? nullptr : fail(env, "close");
}

// shutdownWrite(fd)
napi_value shutdown_write(napi_env env, napi_callback_info info) {
  return shutdown(number(env, info), SHUT_WR) == 0 ? nullptr : fail(env, "shutdown");
}

// limit(resource, soft): sets a soft limit, as setrlimit(2) numbers it; negative: the hard one
napi_value limit(napi_env env, napi_callback_info info) {
  napi_value second = nullptr;
  const auto resource = static_cast<__rlimit_resource>(number(env, info, &second));
  double soft = 0;
  napi_get_value_double(env, second, &soft);
  rlimit found{};
  if (getrlimit(resource, &found) != 0) return fail(env, "getrlimit");
  found.rlim_cur = soft < 0 ? found.rlim_max : static_cast<rlim_t>(soft);
  return setrlimit(resource, &found) == 0 ? nullptr : fail(env, "setrlimit");
}

napi_value init(napi_env env, napi_value exports) {
  const napi_property_descriptor functions[] = {
      {"socketPair", nullptr, socket_pair, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"write", nullptr, write_bytes, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"read", nullptr, read_bytes, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"close", nullptr, close_fd, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"limit", nullptr, limit, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"shutdownWrite", nullptr, shutdown_write, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions);
  return exports;
}

}  // namespace

NAPI_MODULE(coroipc_test_descriptors, init)
