// A server's host that is an object of JavaScript: each call-back becomes a call of the method of
// NativeServerHost with that name. What such a method throws is kept until the function that was
// driving the server is done, and thrown there.
#pragma once

#include <napi.h>

#include <array>
#include <initializer_list>
#include <span>
#include <unordered_map>

#include "js/view.h"
#include "server/host.h"

namespace coroipc::js {

class HostAdapter final : public server::Host {
 public:
  // Empty members when a method is missing; an exception is then pending.
  HostAdapter(Napi::Env env, Napi::Object host);

  void poll_add(int fd, server::SourceKey key) override;
  void poll_modify(int fd, server::SourceKey key, short events) override;
  void poll_remove(int fd, server::SourceKey key) override;
  bool poll_job() override;
  Status admit(const server::Peer& peer) override;
  Status connected(server::ConnectionId connection) override;
  bool disconnected(server::ConnectionId connection) override;
  void released(server::ConnectionId connection) override;
  void counted(server::ConnectionId connection, server::Counter counter, uint64_t value) override;
  void drained(server::ConnectionId connection) override;
  void buffer_answered(server::ConnectionId connection) override;
  void turned_away(server::TurnedAway why) override;
  void log(server::LogLevel level, const std::string& message) override;
  void closed() override;

  // No call reaches JavaScript from now on: it cannot run any more.
  void silence() { silent_ = true; }
  [[nodiscard]] bool has_closed() const { return closed_; }
  // Throws what a method threw, if one did.
  void rethrow();

  // The views of a connection's zero-copy buffers on the native wire.
  [[nodiscard]] BufferViews& buffers(server::ConnectionId connection) {
    return buffers_[connection];
  }
  // Those of its rings, which are detached with it.
  [[nodiscard]] RingViews& rings(server::ConnectionId connection) { return rings_[connection]; }
  void drop_rings(server::ConnectionId connection);

 private:
  enum Method : size_t {
    kPollAdd,
    kPollModify,
    kPollRemove,
    kPollJob,
    kAdmit,
    kConnected,
    kDisconnected,
    kReleased,
    kCounted,
    kDrained,
    kBufferAnswered,
    kTurnedAway,
    kLog,
    kClosed,
    kMethods,
  };
  // Calls a method; null when it threw or could not be called. The caller holds a handle scope.
  [[nodiscard]] napi_value call(Method method, std::span<const napi_value> arguments);
  [[nodiscard]] napi_value call(Method method, std::initializer_list<double> arguments);
  void tell(Method method, std::initializer_list<double> arguments);
  [[nodiscard]] Status ask_status(Method method, std::initializer_list<double> arguments);

  Napi::Env env_;
  Napi::ObjectReference host_;
  std::array<Napi::FunctionReference, kMethods> methods_;
  Napi::Reference<Napi::Value> thrown_;
  // Of a connection that is over.
  void drop_views(server::ConnectionId connection);

  std::unordered_map<server::ConnectionId, BufferViews> buffers_;
  std::unordered_map<server::ConnectionId, RingViews> rings_;
  bool silent_ = false;
  bool closed_ = false;
};

}  // namespace coroipc::js
