// The native wire between two processes, or threads: handshake, calls in flight, dispatch messages,
// sleeping and waking, and the end; and each breach that an end has to find.

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "sys/clock.h"
#include "sys/unix_socket.h"
#include "test/native_pair.h"
#include "test/test.h"
#include "wire/native/client_end.h"
#include "wire/native/handshake.h"
#include "wire/native/server_end.h"

namespace coroipc::wire::native {
namespace {

using State = MessageReader::State;

constexpr Geometry kSmall{4096, 4096, 8192, 16};
constexpr int64_t kPatienceMs = 60'000;

std::pair<sys::Fd, sys::Fd> socket_pair() {
  int fds[2] = {-1, -1};
  static_cast<void>(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
  return {sys::Fd(fds[0]), sys::Fd(fds[1])};
}

// A message whose body can be told from any other's.
template <class Header>
std::vector<std::byte> message_of(uint64_t seed, size_t body) {
  Header header{};
  header.size = static_cast<int32_t>(sizeof(Header) + body);
  header.id = static_cast<int32_t>(seed % 1000);
  std::vector<std::byte> bytes(sizeof(Header) + body);
  std::memcpy(bytes.data(), &header, sizeof header);
  for (size_t i = 0; i < body; ++i)
    bytes[sizeof(Header) + i] = static_cast<std::byte>(seed * 131 + i);
  return bytes;
}

template <class Header>
bool is_message(const Message& message, uint64_t seed, size_t body) {
  const std::vector<std::byte> wanted = message_of<Header>(seed, body);
  return message.size == wanted.size() &&
         std::memcmp(message.bytes, wanted.data(), wanted.size()) == 0;
}

template <class End>
auto put_request(End& end, const std::vector<std::byte>& message, uint64_t& sequence) {
  const Bytes part(message);
  return end.send(Parts(&part, 1), sequence);
}
auto respond(ServerEnd& end, uint64_t sequence, const std::vector<std::byte>& message) {
  const Bytes part(message);
  return end.respond(sequence, Parts(&part, 1));
}
auto dispatch(ServerEnd& end, const std::vector<std::byte>& message) {
  const Bytes part(message);
  return end.dispatch(Parts(&part, 1));
}

TEST(native_handshake_messages_come_back_as_they_went) {
  const Hello hello{1, 3, 65535, {1, 2, 3, 4}};
  const std::optional<Hello> got = decode_hello(encode(hello));
  REQUIRE(got.has_value());
  CHECK_EQ(got->least_version, 1);
  CHECK_EQ(got->greatest_version, 3);
  CHECK_EQ(got->service, 65535U);
  CHECK(got->wanted == hello.wanted);
  CHECK(begins_native(encode(hello)));

  const std::optional<Welcome> welcome = decode_welcome(encode(Welcome{1, 1, kSmall}));
  REQUIRE(welcome.has_value());
  CHECK(welcome->granted == kSmall);
  const std::optional<Welcome> refusal = decode_welcome(encode(Welcome{1, 100, {}}));
  REQUIRE(refusal.has_value());
  CHECK_EQ(refusal->status, 100);
  CHECK(decode_attach(encode_attach()));
  CHECK_EQ(decode_ready(encode_ready(-7)).value_or(0), -7);
}

// Every byte of a message that is not a field's own value matters: one that is changed is refused,
// or is another value of that field.
TEST(native_handshake_messages_are_refused_when_a_fixed_byte_differs) {
  const auto changed = [](auto bytes, size_t at) {
    bytes[at] ^= std::byte{0x40};
    return bytes;
  };
  const HelloBytes hello = encode(Hello{1, 1, 7, kSmall});
  for (size_t at = 0; at < hello.size(); ++at) {
    const bool fixed = at < 8 || at >= 44;
    CHECK_EQ(decode_hello(changed(hello, at)).has_value(), !fixed && at != 8 && at != 9);
  }
  const WelcomeBytes welcome = encode(Welcome{1, 1, kSmall});
  for (const size_t at : {0, 7, 10, 11, 44, 63})
    CHECK(!decode_welcome(changed(welcome, at)).has_value());
  for (size_t at = 0; at < kNoteBytes; ++at) {
    CHECK(!decode_attach(changed(encode_attach(), at)));
    const bool status = at >= 8 && at < 12;
    CHECK_EQ(decode_ready(changed(encode_ready(0), at)).has_value(), status);
  }
  CHECK(!decode_hello({}).has_value());
  CHECK(!decode_welcome(std::span(welcome).first(63)).has_value());
}

TEST(native_handshake_refuses_versions_and_geometries_that_are_none) {
  CHECK(!decode_hello(encode(Hello{0, 1, 7, kSmall})).has_value());
  CHECK(!decode_hello(encode(Hello{2, 1, 7, kSmall})).has_value());
  for (const uint64_t ring : {uint64_t{0}, uint64_t{1}, uint64_t{2048}, uint64_t{4095},
                              uint64_t{4097}, uint64_t{12288}, kMostRingBytes * 2, ~uint64_t{0}}) {
    for (int which = 0; which < 3; ++which) {
      Geometry geometry = kSmall;
      (which == 0   ? geometry.request_ring
       : which == 1 ? geometry.response_ring
                    : geometry.dispatch_ring) = ring;
      CHECK(!decode_welcome(encode(Welcome{1, 1, geometry})).has_value());
    }
  }
  for (const uint32_t in_flight : {0U, kMostInFlight + 1, ~0U})
    CHECK(!decode_welcome(encode(Welcome{1, 1, {4096, 4096, 4096, in_flight}})).has_value());
  // A refusal grants nothing, a grant refuses nothing.
  CHECK(!decode_welcome(encode(Welcome{1, 100, kSmall})).has_value());
  CHECK(!decode_welcome(encode(Welcome{1, 1, {}})).has_value());
}

TEST(native_handshake_grants_what_fits_the_limits) {
  const Geometry most{1 << 20, 1 << 16, 100'000, 64};
  for (const uint64_t wanted : {uint64_t{0}, uint64_t{1}, uint64_t{4097}, uint64_t{70'000},
                                uint64_t{1} << 20, uint64_t{1} << 62, ~uint64_t{0}}) {
    const Geometry got = grant({wanted, wanted, wanted, static_cast<uint32_t>(wanted)}, most);
    CHECK(decode_welcome(encode(Welcome{1, 1, got})).has_value());
    CHECK(got.request_ring <= most.request_ring && got.response_ring <= most.response_ring);
    CHECK(got.dispatch_ring <= most.dispatch_ring && got.in_flight <= most.in_flight);
  }
  CHECK_EQ(grant({5000, 1, 1, 0}, most).request_ring, 8192U);
  CHECK_EQ(grant({0, 0, 99'999, 0}, most).dispatch_ring, 65536U);
}

TEST(native_reader_takes_a_message_in_pieces_and_not_a_byte_more) {
  auto [near, far] = socket_pair();
  const HelloBytes hello = encode(Hello{1, 1, 7, kSmall});
  MessageReader reader(kHelloBytes);
  for (size_t at = 0; at < hello.size(); ++at) {
    CHECK(reader.read(near) == State::kMore);
    const std::span<const std::byte> all(hello);
    REQUIRE_EQ(sys::send(far, all.subspan(at, 1)).bytes, 1);
  }
  const std::byte more{'x'};
  static_cast<void>(sys::send(far, std::span(&more, 1)));
  CHECK(reader.read(near) == State::kComplete);
  CHECK(!reader.has_file());
  std::array<std::byte, 8> rest;
  CHECK_EQ(sys::receive(near, rest).bytes, 1);
  MessageReader cut(kNoteBytes);
  far.reset();
  CHECK(cut.read(near) == State::kOver);
}

TEST(native_reader_takes_one_descriptor_and_refuses_two) {
  const auto open_descriptors = [] {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
  };
  auto [near, far] = socket_pair();
  const NoteBytes note = encode_attach();
  REQUIRE_EQ(sys::send_file(far, note, far).bytes, kNoteBytes);
  MessageReader reader(kNoteBytes);
  REQUIRE(reader.read(near) == State::kComplete);
  sys::Fd file = reader.take_file();
  CHECK(file.open() && sys::same_file(file, far));
  CHECK((fcntl(file.get(), F_GETFD) & FD_CLOEXEC) != 0);
  file.reset();

  const int before = open_descriptors();
  for (const size_t count : {2, 3, 4, 5, 20}) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(20 * sizeof(int))> control{};
    std::array<std::byte, kNoteBytes> bytes = note;
    iovec vector{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    const std::vector<int> fds(count, far.get());
    std::memcpy(CMSG_DATA(header), fds.data(), count * sizeof(int));
    REQUIRE_EQ(sendmsg(far.get(), &message, 0), kNoteBytes);
    MessageReader refuses(kNoteBytes);
    CHECK(refuses.read(near) == State::kOver);
    CHECK(!refuses.has_file());
    std::array<std::byte, 64> rest;
    static_cast<void>(sys::receive(near, rest));
  }
  // One with the first byte, another with the second.
  const std::span<const std::byte> all(note);
  REQUIRE_EQ(sys::send_file(far, all.first(1), far).bytes, 1);
  REQUIRE_EQ(sys::send_file(far, all.subspan(1), far).bytes, kNoteBytes - 1);
  MessageReader twice(kNoteBytes);
  CHECK(twice.read(near) == State::kOver);
  twice.take_file().reset();
  CHECK_EQ(open_descriptors(), before);
}

TEST(native_ends_answer_in_any_order_and_only_once) {
  Pair pair(kSmall);
  REQUIRE(pair.client.has_value() && pair.server.has_value());
  std::vector<uint64_t> sequences;
  for (uint64_t i = 0; i < 10; ++i) {
    uint64_t sequence = 0;
    REQUIRE(put_request(*pair.client, message_of<RequestHeader>(i, 40), sequence) ==
            ClientEnd::Put::kDone);
    CHECK_EQ(sequence, i + 1);
  }
  for (uint64_t i = 0; i < 10; ++i) {
    Message message;
    REQUIRE(pair.server->request(message) == ServerEnd::Look::kRecord);
    CHECK(is_message<RequestHeader>(message, i, 40));
    CHECK(pair.server->unanswered(message.sequence));
    sequences.push_back(message.sequence);
    // The first one is answered while it still lies in the ring.
    if (i == 0)
      CHECK(respond(*pair.server, message.sequence, message_of<ResponseHeader>(1, 8)) ==
            ServerEnd::Put::kDone);
    pair.server->request_done();
  }
  CHECK_EQ(pair.server->in_flight(), 9);
  for (size_t i = 9; i > 0; --i)
    CHECK(respond(*pair.server, sequences[i], message_of<ResponseHeader>(sequences[i], 8)) ==
          ServerEnd::Put::kDone);
  CHECK_EQ(pair.server->in_flight(), 0);
  for (const uint64_t wanted : {1, 10, 9, 8, 7, 6, 5, 4, 3, 2}) {
    Message message;
    REQUIRE(pair.client->response(message) == ClientEnd::Look::kRecord);
    CHECK_EQ(message.sequence, wanted);
    CHECK(is_message<ResponseHeader>(message, wanted, 8));
    pair.client->response_done();
  }
  CHECK_EQ(pair.client->in_flight(), 0);
}

// Its sender waits for room for a large message; that a small one fits is not what it waits for.
TEST(native_server_wants_room_for_as_long_as_something_waits) {
  Pair pair(kSmall);
  REQUIRE(pair.client.has_value() && pair.server.has_value());
  ServerEnd& server = *pair.server;
  const size_t largest = server.largest_dispatch();
  const std::vector<std::byte> small = message_of<ResponseHeader>(1, 0);
  CHECK(server.has_room(largest));
  CHECK(dispatch(server, small) == ServerEnd::Put::kDone);
  CHECK(!server.has_room(largest) && !server.blocked());
  CHECK(dispatch(server, message_of<ResponseHeader>(2, largest - sizeof(ResponseHeader))) ==
        ServerEnd::Put::kNoRoom);
  CHECK(server.blocked());
  server.set_backlog(true);
  CHECK(dispatch(server, small) == ServerEnd::Put::kDone);
  CHECK(server.blocked() && !server.room_made());
  Message message;
  for (int i = 0; i < 2; ++i) {
    REQUIRE(pair.client->dispatch(message) == ClientEnd::Look::kRecord);
    pair.client->dispatch_done();
    CHECK(server.room_made());
    CHECK_EQ(server.has_room(largest), i == 1);
  }
  server.set_backlog(false);
  CHECK(!server.blocked() && !server.room_made());
}

TEST(native_client_sends_no_more_than_were_agreed_on) {
  Pair pair({65536, 65536, 4096, 4});
  REQUIRE(pair.client.has_value());
  uint64_t sequence = 0;
  const std::vector<std::byte> request = message_of<RequestHeader>(1, 0);
  for (int i = 0; i < 4; ++i)
    CHECK(put_request(*pair.client, request, sequence) == ClientEnd::Put::kDone);
  CHECK(put_request(*pair.client, request, sequence) == ClientEnd::Put::kNoRoom);
  Message message;
  REQUIRE(pair.server->request(message) == ServerEnd::Look::kRecord);
  pair.server->request_done();
  CHECK(respond(*pair.server, 1, message_of<ResponseHeader>(1, 0)) == ServerEnd::Put::kDone);
  // Not before the answer was taken.
  CHECK(put_request(*pair.client, request, sequence) == ClientEnd::Put::kNoRoom);
  REQUIRE(pair.client->response(message) == ClientEnd::Look::kRecord);
  pair.client->response_done();
  CHECK(put_request(*pair.client, request, sequence) == ClientEnd::Put::kDone);
}

// What a lying client writes into its own memory, and what the server must make of it.
TEST(native_server_finds_every_breach) {
  const auto sends = [](void (*lie)(Pair&)) {
    Pair pair(kSmall);
    uint64_t sequence = 0;
    static_cast<void>(put_request(*pair.client, message_of<RequestHeader>(1, 40), sequence));
    lie(pair);
    Message message;
    return pair.server->request(message);
  };
  using Look = ServerEnd::Look;
  CHECK(sends([](Pair&) {}) == Look::kRecord);
  CHECK(sends([](Pair& pair) { pair.request_ring[0] = std::byte{}; }) == Look::kNothing);
  // The record's size, kind and number, then the header's size.
  CHECK(sends([](Pair& pair) { pair.request_ring[3] = std::byte{0xff}; }) == Look::kBreach);
  CHECK(sends([](Pair& pair) { pair.request_ring[0] = std::byte{8}; }) == Look::kBreach);
  CHECK(sends([](Pair& pair) { pair.request_ring[4] = std::byte{9}; }) == Look::kBreach);
  CHECK(sends([](Pair& pair) { pair.request_ring[8] = std::byte{2}; }) == Look::kBreach);
  CHECK(sends([](Pair& pair) { pair.request_ring[16] = std::byte{15}; }) == Look::kBreach);
  CHECK(sends([](Pair& pair) { pair.request_ring[16] = std::byte{57}; }) == Look::kBreach);
  CHECK(sends([](Pair& pair) { pair.request_ring[19] = std::byte{0x80}; }) == Look::kBreach);
}

TEST(native_server_takes_a_request_that_changes_its_number_between_two_looks_as_a_breach) {
  Pair pair(kSmall);
  uint64_t sequence = 0;
  REQUIRE(put_request(*pair.client, message_of<RequestHeader>(1, 40), sequence) ==
          ClientEnd::Put::kDone);
  Message message;
  REQUIRE(pair.server->request(message) == ServerEnd::Look::kRecord);
  REQUIRE(pair.server->request(message) == ServerEnd::Look::kRecord);
  pair.request_ring[8] = std::byte{2};
  CHECK(pair.server->request(message) == ServerEnd::Look::kBreach);
}

TEST(native_server_counts_more_requests_than_agreed_as_a_breach) {
  Pair pair({65536, 4096, 4096, 2});
  // A client that believes more was agreed on.
  ring::ProducerPlace place;
  ring::RecordProducer liar(pair.request_ring, 65536, &pair.server_writes->request_head, place);
  const std::vector<std::byte> request = message_of<RequestHeader>(1, 0);
  const Bytes part(request);
  for (uint64_t sequence = 1; sequence <= 3; ++sequence)
    REQUIRE(liar.put(0, sequence, Parts(&part, 1)) == ring::RecordProducer::Put::kDone);
  Message message;
  for (int i = 0; i < 2; ++i) {
    REQUIRE(pair.server->request(message) == ServerEnd::Look::kRecord);
    pair.server->request_done();
  }
  CHECK(pair.server->request(message) == ServerEnd::Look::kBreach);
}

TEST(native_client_finds_every_breach) {
  using Look = ClientEnd::Look;
  const auto answers = [](uint64_t sequence, void (*lie)(Pair&)) {
    Pair pair(kSmall);
    uint64_t sent = 0;
    static_cast<void>(put_request(*pair.client, message_of<RequestHeader>(1, 0), sent));
    static_cast<void>(respond(*pair.server, sequence, message_of<ResponseHeader>(1, 8)));
    lie(pair);
    Message message;
    return pair.client->response(message);
  };
  CHECK(answers(1, [](Pair&) {}) == Look::kRecord);
  CHECK(answers(0, [](Pair&) {}) == Look::kBreach);
  CHECK(answers(2, [](Pair&) {}) == Look::kBreach);
  CHECK(answers(1, [](Pair& pair) { pair.response_ring[4] = std::byte{1}; }) == Look::kBreach);
  CHECK(answers(1, [](Pair& pair) { pair.response_ring[16] = std::byte{23}; }) == Look::kBreach);
  CHECK(answers(1, [](Pair& pair) { pair.response_ring[1] = std::byte{0x10}; }) == Look::kBreach);

  const auto dispatches = [](void (*lie)(Pair&)) {
    Pair pair(kSmall);
    static_cast<void>(dispatch(*pair.server, message_of<ResponseHeader>(1, 8)));
    lie(pair);
    Message message;
    return pair.client->dispatch(message);
  };
  CHECK(dispatches([](Pair&) {}) == Look::kRecord);
  CHECK(dispatches([](Pair& pair) { pair.dispatch_ring[8] = std::byte{2}; }) == Look::kBreach);
  CHECK(dispatches([](Pair& pair) { pair.dispatch_ring[20] = std::byte{1}; }) == Look::kRecord);
  CHECK(dispatches([](Pair& pair) { pair.dispatch_ring[2] = std::byte{1}; }) == Look::kBreach);
}

// The whole wire, as docs/native-wire.md tells it.

constexpr uint64_t kCalls = 20'000;
constexpr uint64_t kDispatches = 20'000;

size_t body_of(uint64_t number) { return number * 2654435761U % 500; }

bool send_all(const sys::Fd& socket, std::span<const std::byte> bytes) {
  return sys::send(socket, bytes).bytes == bytes.size();
}

void ring_bell(const sys::Fd& socket) {
  const std::byte one{1};
  static_cast<void>(sys::send(socket, std::span(&one, 1)));
}

// Waits for the socket, and takes the doorbells. False: the peer is gone.
bool wait_for_bell(const sys::Fd& socket) {
  static_cast<void>(
      sys::wait_for(socket, POLLIN, sys::deadline_after_ms(static_cast<double>(kPatienceMs))));
  std::array<std::byte, 64> bells;
  return sys::receive(socket, bells).state != sys::Transfer::State::kOver;
}

bool read_whole(MessageReader& reader, const sys::Fd& socket) {
  State state = State::kMore;
  while ((state = reader.read(socket)) == State::kMore)
    if (sys::wait_for(socket, POLLIN, sys::deadline_after_ms(static_cast<double>(kPatienceMs))) ==
        0)
      return false;
  return state == State::kComplete;
}

void stall(std::mt19937& random) {
  if (random() % 500 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
}

std::unique_ptr<ClientEnd> connect_client(const sys::Fd& socket, const Geometry& wanted) {
  if (!send_all(socket, encode(Hello{1, 1, 7, wanted}))) return nullptr;
  MessageReader reader(kWelcomeBytes);
  if (!read_whole(reader, socket)) return nullptr;
  const std::optional<Welcome> welcome = decode_welcome(reader.bytes());
  if (!welcome.has_value() || welcome->status != 1) return nullptr;
  sys::Result<sys::SealedMemory> theirs =
      sys::SealedMemory::take(reader.take_file(), server_rings(welcome->granted));
  sys::Result<sys::SealedMemory> ours = sys::SealedMemory::make(client_rings(welcome->granted));
  if (!theirs.ok() || !ours.ok()) return nullptr;
  if (sys::send_file(socket, encode_attach(), ours.value().file()).bytes != kNoteBytes)
    return nullptr;
  MessageReader ready(kNoteBytes);
  if (!read_whole(ready, socket) || decode_ready(ready.bytes()) != 1) return nullptr;
  ours.value().close_file();
  return std::make_unique<ClientEnd>(welcome->granted, std::move(ours.value()),
                                     std::move(theirs.value()));
}

std::unique_ptr<ServerEnd> connect_server(const sys::Fd& socket, const Geometry& most) {
  MessageReader reader(kHelloBytes);
  if (!read_whole(reader, socket)) return nullptr;
  const std::optional<Hello> hello = decode_hello(reader.bytes());
  if (!hello.has_value() || reader.has_file()) return nullptr;
  const Geometry granted = grant(hello->wanted, most);
  sys::Result<sys::SealedMemory> ours = sys::SealedMemory::make(server_rings(granted));
  if (!ours.ok()) return nullptr;
  if (sys::send_file(socket, encode(Welcome{1, 1, granted}), ours.value().file()).bytes !=
      kWelcomeBytes)
    return nullptr;
  MessageReader attach(kNoteBytes);
  if (!read_whole(attach, socket) || !decode_attach(attach.bytes())) return nullptr;
  sys::Result<sys::SealedMemory> theirs =
      sys::SealedMemory::take(attach.take_file(), client_rings(granted));
  if (!theirs.ok() || !send_all(socket, encode_ready(1))) return nullptr;
  ours.value().close_file();
  return std::make_unique<ServerEnd>(granted, std::move(ours.value()), std::move(theirs.value()));
}

// Answers every call, and sends dispatch messages in between; ends when the client is gone. 0 when
// nothing was wrong.
int serve(ServerEnd* end, const sys::Fd& socket) {
  std::mt19937 random(3);
  uint64_t dispatched = 0;
  std::deque<std::pair<uint64_t, uint64_t>> answers;
  for (;;) {
    Wants did = 0;
    Message message;
    const ServerEnd::Look found = end->request(message);
    if (found == ServerEnd::Look::kBreach) return 3;
    if (found == ServerEnd::Look::kRecord) {
      const uint64_t number = message.sequence;
      if (!is_message<RequestHeader>(message, number, body_of(number))) return 4;
      answers.emplace_back(number, number);
      end->request_done();
      did |= kWantsRoom;
    }
    // Now and then the second of two is answered first.
    if (answers.size() > 1 && random() % 4 == 0) std::swap(answers[0], answers[1]);
    if (!answers.empty()) {
      const uint64_t number = answers.front().first;
      const auto put = respond(*end, number, message_of<ResponseHeader>(number, body_of(number)));
      if (put == ServerEnd::Put::kBreach) return 5;
      if (put == ServerEnd::Put::kDone) {
        answers.pop_front();
        did |= kWantsCalls;
      }
    }
    if (dispatched < kDispatches) {
      const uint64_t next = dispatched + 1;
      const auto put = dispatch(*end, message_of<ResponseHeader>(next, body_of(next)));
      if (put == ServerEnd::Put::kBreach) return 6;
      if (put == ServerEnd::Put::kDone) {
        dispatched = next;
        did |= kWantsDispatches;
      }
    }
    if (end->must_ring(did)) ring_bell(socket);
    stall(random);
    if (did != 0) continue;
    const bool waiting = !answers.empty() || dispatched < kDispatches;
    if (end->doze(kWantsCalls | (waiting ? kWantsRoom : 0)) && !wait_for_bell(socket)) return 0;
    end->wake();
  }
}

// Takes up to `most` dispatch messages at once; whether any was there.
bool take_some(ClientEnd& end, uint64_t most, uint64_t& dispatched, bool& fine) {
  std::array<std::byte, 1200> room;
  const ClientEnd::Taken taken = end.take_dispatches(room, most, room.size());
  const std::byte* at = room.data();
  for (uint32_t left = taken.count; left > 0; --left) {
    const std::vector<std::byte> wanted =
        message_of<ResponseHeader>(dispatched + 1, body_of(dispatched + 1));
    ++dispatched;
    fine = fine && std::memcmp(at, wanted.data(), wanted.size()) == 0;
    at += up_to_next(wanted.size());
  }
  return taken.count > 0;
}

// Makes all calls and takes all dispatch messages, by the rules and as they come.
void use(ClientEnd* end, const sys::Fd& socket) {
  std::mt19937 random(4);
  uint64_t sent = 0;
  uint64_t answered = 0;
  uint64_t dispatched = 0;
  std::map<uint64_t, bool> open;
  bool fine = true;
  while (fine && (answered < kCalls || dispatched < kDispatches)) {
    Wants did = 0;
    uint64_t sequence = 0;
    if (sent < kCalls && put_request(*end, message_of<RequestHeader>(sent + 1, body_of(sent + 1)),
                                     sequence) == ClientEnd::Put::kDone) {
      fine = sequence == ++sent;
      open[sequence] = true;
      did |= kWantsCalls;
    }
    Message message;
    const ClientEnd::Look answer = end->response(message);
    if (answer == ClientEnd::Look::kRecord) {
      fine = fine && open.erase(message.sequence) == 1 &&
             is_message<ResponseHeader>(message, message.sequence, body_of(message.sequence));
      end->response_done();
      ++answered;
      did |= kWantsRoom;
    }
    if (take_some(*end, random() % 4, dispatched, fine)) did |= kWantsRoom;
    const ClientEnd::Look event = end->dispatch(message);
    if (event == ClientEnd::Look::kRecord) {
      ++dispatched;
      fine = fine && is_message<ResponseHeader>(message, dispatched, body_of(dispatched));
      end->dispatch_done();
      did |= kWantsRoom;
    }
    fine = fine && answer != ClientEnd::Look::kBreach && event != ClientEnd::Look::kBreach;
    if (end->must_ring(did)) ring_bell(socket);
    stall(random);
    if (did != 0) continue;
    const Wants room = sent < kCalls ? kWantsRoom : 0;
    if (end->doze(kWantsCalls | kWantsDispatches | room) && !wait_for_bell(socket)) fine = false;
    end->wake();
  }
  CHECK(fine);
  CHECK_EQ(answered, kCalls);
  CHECK_EQ(dispatched, kDispatches);
  CHECK(open.empty());
}

TEST(native_wire_between_two_processes_loses_nothing) {
  auto [near, far] = socket_pair();
  const pid_t child = fork();
  if (child == 0) {
    near.reset();
    const std::unique_ptr<ServerEnd> end = connect_server(far, {65536, 65536, 65536, 64});
    _exit(end == nullptr ? 2 : serve(end.get(), far));
  }
  far.reset();
  const std::unique_ptr<ClientEnd> end = connect_client(near, {4096, 4096, 4096, 16});
  REQUIRE(end != nullptr);
  use(end.get(), near);
  near.reset();
  int status = -1;
  REQUIRE_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 0);
}

// At the same addresses, or the thread sanitizer would not see that it is the same memory.
TEST(native_wire_between_two_threads_loses_nothing) {
  for (const uint32_t in_flight : {1U, 16U}) {
    auto [near, far] = socket_pair();
    Pair pair({4096, 4096, 4096, in_flight}, Pair::Place::kSame);
    REQUIRE(pair.client.has_value() && pair.server.has_value());
    int outcome = -1;
    std::thread other([&] { outcome = serve(&*pair.server, far); });
    use(&*pair.client, near);
    near.reset();
    other.join();
    CHECK_EQ(outcome, 0);
  }
}

}  // namespace
}  // namespace coroipc::wire::native
