// The way into a server, a connection or a client from a function of the border: finds it by its
// number, and, for a server, keeps it in one piece until the outermost function has left it.
#pragma once

#include <napi.h>

#include <memory>
#include <span>
#include <string_view>

#include "js/env_state.h"

namespace coroipc::js {

// While one exists, the server it is in is not destroyed. The last one to go throws what a
// call-back threw, and forgets a server that has closed.
class ServerVisit {
 public:
  // By the server's number, or by that of one of its connections. When there is none, `found()`
  // is false and a CoroIpcError is pending.
  static ServerVisit by_server(const Napi::CallbackInfo& info);
  static ServerVisit by_connection(const Napi::CallbackInfo& info);
  ~ServerVisit();
  ServerVisit(ServerVisit&&) = delete;

  [[nodiscard]] bool found() const { return entry_ != nullptr; }
  // Precondition of all below: found().
  [[nodiscard]] server::Server& server() const { return *entry_->server; }
  [[nodiscard]] HostAdapter& host() const { return *entry_->host; }
  // The number given as the function's first argument.
  [[nodiscard]] uint64_t number() const { return number_; }

 private:
  ServerVisit(Napi::Env env, uint64_t number, int shift);

  Napi::Env env_;
  uint64_t number_ = 0;
  uint64_t key_ = 0;
  // The state's, which forgets it in the last visit's end and not before.
  ServerEntry* entry_ = nullptr;
};

// The way into a client; at the end of the function its descriptor says what is true.
class ClientVisit {
 public:
  // When there is none, or it is not connected though it has to be, `found()` is false and a
  // CoroIpcError is pending.
  enum class Needs { kAny, kConnected };
  explicit ClientVisit(const Napi::CallbackInfo& info, Needs needs = Needs::kConnected);
  ~ClientVisit();
  ClientVisit(ClientVisit&&) = delete;

  [[nodiscard]] bool found() const { return entry_ != nullptr; }
  // Precondition of both: found().
  [[nodiscard]] ClientEntry& entry() const { return *entry_; }
  [[nodiscard]] client::Session& session() const { return *entry_->session; }
  // Has the state forget it: this visit's end destroys it.
  void close();

 private:
  EnvState* state_;
  uint64_t number_ = 0;
  // The state's, or, once it was closed, held by closed_.
  ClientEntry* entry_ = nullptr;
  std::shared_ptr<ClientEntry> closed_;
};

// The size of an answer or a message as a number for JavaScript; 0 when none came in time.
[[nodiscard]] Napi::Value answer(Napi::Env env, Status status, uint32_t size);
// Says where a message lies in a buffer of the server's.
void describe_place(ScratchHead& head, const client::PlaceInBuffer& place);

// After kErrBusy: waits until a request is worth sending again. False: what to return instead, -1
// where another request has to be answered first, 0 when the time is over.
[[nodiscard]] bool await_room(Napi::Env env, const ClientVisit& visit, int64_t deadline,
                              Napi::Value& otherwise);
// Waits for an answer and says its size; 0: its time is over, and nothing is left of the request
// but a late answer. A small one is brought along in the arrivals, if there is room and it is not
// to be kept; else it waits for clientReceive.
[[nodiscard]] Napi::Value finish_call(Napi::Env env, const ClientVisit& visit, uint64_t token,
                                      int64_t deadline, bool keep);
// The same, with the answer's status in the scratch's head, and the first bytes of its payload in
// `into`. Nothing of it is left.
[[nodiscard]] Napi::Value finish_call_into(Napi::Env env, const ClientVisit& visit, uint64_t token,
                                           int64_t deadline, std::span<std::byte> into);
// Why a request of `bytes` bytes did not go out, other than that there is no room now: throws it.
void refuse_request(Napi::Env env, client::Session& session, Status status, size_t bytes);

// Whether JavaScript may see shared memory; throws NOT_SUPPORTED where it may not.
[[nodiscard]] bool may_show(Napi::Env env);

// Throws the error that a status of `what` is; says whether it was kOk.
[[nodiscard]] bool check(Napi::Env env, Status status, std::string_view what);

}  // namespace coroipc::js
