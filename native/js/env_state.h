// All that the core holds in one environment (the main thread, or a worker), by number. It is
// made when the addon is loaded there and taken down in the environment's clean-up hook, clients
// first, then servers, then the threads that watched for them. No number is used twice.
#pragma once

#include <napi.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "client/session.h"
#include "js/clean_up_hook.h"
#include "js/host_adapter.h"
#include "js/scratch.h"
#include "js/view.h"
#include "server/server.h"

namespace coroipc::js {

// A server, and what protects it while JavaScript called from inside it closes it.
struct ServerEntry {
  std::unique_ptr<HostAdapter> host;
  std::unique_ptr<server::Server> server;
  uint32_t visits = 0;
};

// A client, and what JavaScript sees of its memory.
struct ClientEntry {
  std::unique_ptr<client::Session> session;
  View response;
  View ring;
  RingViews rings;
  struct ZeroCopy {
    client::ZeroCopyBuffer buffer;
    View view;
  };
  std::vector<ZeroCopy> zero_copy;
  BufferViews buffers;
  // Messages in the server's buffers are given where they lie, and released by JavaScript.
  bool in_place = false;

  void drop_views();
};

class EnvState {
 public:
  explicit EnvState(Napi::Env environment);
  ~EnvState();
  EnvState(const EnvState&) = delete;
  EnvState& operator=(const EnvState&) = delete;

  // Null when the environment is being taken down.
  [[nodiscard]] static EnvState* of(Napi::Env env) { return env.GetInstanceData<EnvState>(); }

  // Connections of server n are numbered from n * 2^32, so that they are unlike all others here.
  static constexpr int kConnectionBits = 32;

  Napi::FunctionReference error_class;
  Scratch scratch;
  Arrivals arrivals{scratch};
  // Whether JavaScript may see shared memory: not every runtime allows an ArrayBuffer over memory
  // of a library's. Where it may not, all is copied.
  bool shows_memory = true;
  // Whether JavaScript cannot run here any more, as in a worker that is being terminated. It is
  // asked by a native wait, and finds out by calling a function that does nothing.
  [[nodiscard]] bool terminating();
  sys::SemaphoreWatch watch;
  const sys::Waiting waiting = sys::own_waiting();
  std::unordered_map<uint64_t, std::shared_ptr<ServerEntry>> servers;
  std::unordered_map<uint64_t, std::shared_ptr<ClientEntry>> clients;
  uint64_t next_server = 1;
  uint64_t next_client = 1;

  // Ends all of it, without a word to JavaScript, which cannot run any more. A second call does
  // nothing.
  void take_down();

 private:
  Napi::Env env_;
  CleanUpHook hook_;
  Napi::FunctionReference nothing_;
};

}  // namespace coroipc::js
