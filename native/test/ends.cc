// The pure parts of the wires for the property tests, one step a call: both ends of a native
// connection, attached to each other, and the classic ring's arithmetic. An addon of its own, that
// no package contains; its callers keep the preconditions of what they call.
#include <napi.h>

#include <array>
#include <cstdint>
#include <memory>

#include "ring/index_ring.h"
#include "test/native_pair.h"

namespace coroipc {
namespace {

using Look = ring::RecordConsumer::Look;
using Put = ring::RecordProducer::Put;
using wire::native::Message;
using wire::native::Wants;

uint32_t number(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Uint32Value();
}

// Of each message an own copy: the addon's caller sees what lay there at the time of the look.
Napi::Value looked(Napi::Env env, Look look, const Message& message) {
  if (look == Look::kNothing) return env.Undefined();
  if (look == Look::kBreach) return Napi::String::New(env, "breach");
  Napi::Object found = Napi::Object::New(env);
  found["sequence"] = Napi::Number::New(env, static_cast<double>(message.sequence));
  found["id"] = Napi::Number::New(env, message.id);
  found["bytes"] = Napi::Buffer<uint8_t>::Copy(env, reinterpret_cast<const uint8_t*>(message.bytes),
                                               message.size);
  return found;
}

Napi::Value told(Napi::Env env, Put put) {
  const char* const names[] = {"done", "no room", "breach"};
  return Napi::String::New(env, names[static_cast<size_t>(put)]);
}

// new Ends(requestRing, responseRing, dispatchRing, inFlight)
class Ends : public Napi::ObjectWrap<Ends> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Ends",
                       {
                           InstanceMethod<&Ends::send>("send"),
                           InstanceMethod<&Ends::request>("request"),
                           InstanceMethod<&Ends::request_done>("requestDone"),
                           InstanceMethod<&Ends::respond>("respond"),
                           InstanceMethod<&Ends::response>("response"),
                           InstanceMethod<&Ends::response_done>("responseDone"),
                           InstanceMethod<&Ends::dispatch>("dispatch"),
                           InstanceMethod<&Ends::message>("message"),
                           InstanceMethod<&Ends::message_done>("messageDone"),
                           InstanceMethod<&Ends::set_backlog>("setBacklog"),
                           InstanceMethod<&Ends::doze>("doze"),
                           InstanceMethod<&Ends::wake>("wake"),
                           InstanceMethod<&Ends::must_ring>("mustRing"),
                           InstanceMethod<&Ends::state>("state"),
                           InstanceMethod<&Ends::rings>("rings"),
                           InstanceMethod<&Ends::close>("close"),
                       });
  }

  explicit Ends(const Napi::CallbackInfo& info)
      : ObjectWrap(info),
        geometry_{number(info, 0), number(info, 1), number(info, 2), number(info, 3)},
        pair_(std::make_unique<wire::native::Pair>(geometry_)) {
    if (!pair_->client.has_value() || !pair_->server.has_value())
      Napi::Error::New(info.Env(), "no memory for both ends").ThrowAsJavaScriptException();
  }

 private:
  // send(message): the request's number, or why there is none
  Napi::Value send(const Napi::CallbackInfo& info) {
    uint64_t sequence = 0;
    const Put put = with_parts(
        info[0], [&](wire::Parts parts) { return pair_->client->send(parts, sequence); });
    if (put != Put::kDone) return told(info.Env(), put);
    return Napi::Number::New(info.Env(), static_cast<double>(sequence));
  }
  Napi::Value request(const Napi::CallbackInfo& info) {
    Message message;
    const Look look = pair_->server->request(message);
    return looked(info.Env(), look, message);
  }
  void request_done(const Napi::CallbackInfo&) { pair_->server->request_done(); }

  // respond(sequence, message)
  Napi::Value respond(const Napi::CallbackInfo& info) {
    return told(info.Env(), with_parts(info[1], [&](wire::Parts parts) {
                  return pair_->server->respond(number(info, 0), parts);
                }));
  }
  Napi::Value response(const Napi::CallbackInfo& info) {
    Message message;
    const Look look = pair_->client->response(message);
    return looked(info.Env(), look, message);
  }
  void response_done(const Napi::CallbackInfo&) { pair_->client->response_done(); }

  // dispatch(message)
  Napi::Value dispatch(const Napi::CallbackInfo& info) {
    return told(info.Env(), with_parts(info[0], [&](wire::Parts parts) {
                  return pair_->server->dispatch(parts);
                }));
  }
  // The next dispatch message.
  Napi::Value message(const Napi::CallbackInfo& info) {
    Message found;
    const Look look = pair_->client->dispatch(found);
    return looked(info.Env(), look, found);
  }
  void message_done(const Napi::CallbackInfo&) { pair_->client->dispatch_done(); }

  void set_backlog(const Napi::CallbackInfo& info) {
    pair_->server->set_backlog(info[0].As<Napi::Boolean>());
  }

  // doze(side, wants), wake(side), mustRing(side, what): side 0 is the client, 1 the server
  Napi::Value doze(const Napi::CallbackInfo& info) {
    const Wants wants = number(info, 1);
    const bool slept =
        number(info, 0) == 0 ? pair_->client->doze(wants) : pair_->server->doze(wants);
    return Napi::Boolean::New(info.Env(), slept);
  }
  void wake(const Napi::CallbackInfo& info) {
    number(info, 0) == 0 ? pair_->client->wake() : pair_->server->wake();
  }
  Napi::Value must_ring(const Napi::CallbackInfo& info) {
    const Wants what = number(info, 1);
    const bool must =
        number(info, 0) == 0 ? pair_->client->must_ring(what) : pair_->server->must_ring(what);
    return Napi::Boolean::New(info.Env(), must);
  }

  // What the ends say of themselves without a step.
  Napi::Value state(const Napi::CallbackInfo& info) {
    Napi::Object now = Napi::Object::New(info.Env());
    now["requestReady"] = pair_->server->request_ready();
    now["responseReady"] = pair_->client->response_ready();
    now["messageReady"] = pair_->client->dispatch_ready();
    now["backlog"] = pair_->client->backlog();
    now["sent"] = static_cast<double>(pair_->client->in_flight());
    now["unanswered"] = static_cast<double>(pair_->server->in_flight());
    now["clientWants"] = pair_->client->wants();
    now["serverWants"] = pair_->server->wants();
    return now;
  }

  // rings(side): what the core shows JavaScript of it; a server may do everything by itself.
  Napi::Value rings(const Napi::CallbackInfo& info) {
    if (number(info, 0) == 0) return shown(info.Env(), pair_->client->memory());
    wire::Delegated& delegated = pair_->server->memory()->ledger.delegated;
    delegated.may = wire::Delegated::kTake | wire::Delegated::kDispatch;
    return shown(info.Env(), pair_->server->memory());
  }
  template <class Memory>
  Napi::Value shown(Napi::Env env, const std::shared_ptr<Memory>& memory) const {
    Napi::Object rings = Napi::Object::New(env);
    const auto show = [&](const char* name, const wire::SharedMemory& part) {
      rings[name] = Napi::ArrayBuffer::New(
          env, part.data, part.bytes,
          [](Napi::BasicEnv, void*, std::shared_ptr<const void>* hold) { delete hold; },
          new std::shared_ptr<const void>(part.hold));
    };
    show("ours", wire::native::shown(memory, memory->ours));
    show("theirs", wire::native::shown(memory, memory->theirs));
    show("ledger", wire::native::shown_ledger(memory));
    rings["controlBytes"] = static_cast<double>(sys::control_bytes());
    rings["requestBytes"] = static_cast<double>(geometry_.request_ring);
    rings["responseBytes"] = static_cast<double>(geometry_.response_ring);
    rings["dispatchBytes"] = static_cast<double>(geometry_.dispatch_ring);
    rings["maxInFlight"] = geometry_.in_flight;
    return rings;
  }

  // Gives memory and descriptors back; no other call may follow.
  void close(const Napi::CallbackInfo&) { pair_.reset(); }

  // In two pieces, so that the seam is tried too.
  template <class Step>
  static Put with_parts(const Napi::Value& value, Step step) {
    const auto buffer = value.As<Napi::Uint8Array>();
    const wire::Bytes all(reinterpret_cast<const std::byte*>(buffer.Data()), buffer.ByteLength());
    const size_t cut = all.size() / 3;
    const std::array parts{all.first(cut), all.subspan(cut)};
    return step(wire::Parts(parts));
  }

  const wire::native::Geometry geometry_;
  std::unique_ptr<wire::native::Pair> pair_;
};

// indexRing(size, reserve, alignment, read, write, bytes): what it says, all at once
Napi::Value index_ring(const Napi::CallbackInfo& info) {
  const ring::IndexRing ring(number(info, 0), number(info, 1), number(info, 2));
  const uint32_t read = number(info, 3);
  const uint32_t write = number(info, 4);
  Napi::Object now = Napi::Object::New(info.Env());
  now["valid"] = ring.valid(read) && ring.valid(write);
  now["used"] = ring.used(read, write);
  now["usable"] = ring.usable(read, write);
  now["largest"] = ring.largest();
  now["after"] = ring.after(write, number(info, 5));
  return now;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports["Ends"] = Ends::define(env);
  exports["indexRing"] = Napi::Function::New(env, index_ring);
  return exports;
}

NODE_API_MODULE(coroipc_test_ends, init)

}  // namespace
}  // namespace coroipc
