// Zero-copy buffers of the native wire: offered, used, given back and withdrawn; and each breach
// that a side has to find. Both ends are in one process, with a socket between them.

#include "test/native_buffers.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sys/clock.h"
#include "test/test.h"

namespace coroipc::wire::native {
namespace {

using Put = ring::RecordProducer::Put;
using Look = ring::RecordConsumer::Look;
using State = SocketReader::State;

size_t open_descriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

constexpr int32_t kOk = static_cast<int32_t>(Status::kOk);

Put send(ClientEnd& end, uint32_t number, uint64_t offset, uint64_t size, uint64_t& sequence) {
  const std::optional<BufferPlace> place = end.own_buffers().place(number, offset, size);
  return place.has_value() ? end.send_in_buffer(*place, RequestHeader{0, 5}, sequence)
                           : Put::kBreach;
}

Put answer(ServerEnd& end, uint64_t sequence) {
  const ResponseHeader header{sizeof header, 6, kOk};
  const Bytes part = std::as_bytes(std::span(&header, 1));
  return end.respond(sequence, Parts(&part, 1));
}

TEST(native_buffer_carries_requests_until_they_are_answered) {
  Link link(kGeometry);
  REQUIRE(link.client.has_value() && link.server.has_value());
  const std::optional<uint32_t> number = link.client_offers(2 * kPage);
  REQUIRE(number.has_value());
  std::byte* const ours = link.client->own_buffers().memory(*number)->data();
  std::memcpy(ours + 8 + sizeof(RequestHeader), "body", 5);
  uint64_t sequence = 0;
  REQUIRE(send(*link.client, *number, 8, 2 * kPage - 8, sequence) == Put::kDone);
  CHECK_EQ(sequence, 1);
  CHECK_EQ(link.client->own_buffers().out(*number), 1);
  CHECK(!link.client->own_buffers().withdraw(*number).has_value());

  Message message;
  for (int look = 0; look < 2; ++look) {
    REQUIRE(link.server->request(message) == Look::kRecord);
    CHECK_EQ(message.sequence, 1);
    CHECK_EQ(message.id, 5);
    CHECK_EQ(message.size, 2 * kPage - 8);
    CHECK_EQ(message.buffer, *number);
    CHECK_EQ(copy_out<RequestHeader>(message.bytes).id, 5);
    CHECK_EQ(std::memcmp(message.bytes + sizeof(RequestHeader), "body", 5), 0);
  }
  CHECK_EQ(link.server->peer_buffers().held(*number), 1);
  link.server->request_done();
  CHECK_EQ(link.server->peer_buffers().held(*number), 1);
  // The ring took forty-eight bytes of it, whatever its size.
  CHECK_EQ(link.server_writes->request_head, 48);

  REQUIRE(answer(*link.server, 1) == Put::kDone);
  CHECK_EQ(link.server->peer_buffers().held(*number), 0);
  REQUIRE(link.client->response(message) == Look::kRecord);
  CHECK_EQ(message.buffer, kInRing);
  CHECK_EQ(message.error, kOk);
  link.client->response_done();
  CHECK_EQ(link.client->own_buffers().out(*number), 0);
  CHECK(link.client_withdraws(*number));
  // The number, and what was mapped, are free.
  CHECK(link.server->peer_buffers().memory(*number) == nullptr);
  CHECK(link.client_offers(kPage) == number);
}

TEST(native_buffer_carries_responses_and_dispatch_messages_until_they_are_released) {
  Link link(kGeometry);
  REQUIRE(link.client.has_value() && link.server.has_value());
  const std::optional<uint32_t> number = link.server_offers(kPage);
  REQUIRE(number.has_value());
  OwnBuffers& own = link.server->own_buffers();
  uint64_t sequence = 0;
  REQUIRE(link.client_sends(sequence) == Put::kDone);
  Message message;
  REQUIRE(link.server->request(message) == Look::kRecord);
  link.server->request_done();
  std::memcpy(own.memory(*number)->data() + 64 + sizeof(ResponseHeader), "event", 6);
  REQUIRE(link.server->dispatch_in_buffer(*own.place(*number, 64, 40), {0, 7, 3}) == Put::kDone);
  REQUIRE(link.server->respond_in_buffer(1, *own.place(*number, 0, 24), {0, 8, 4}) == Put::kDone);
  CHECK_EQ(link.server->in_flight(), 0);
  CHECK_EQ(own.out(*number), 2);

  REQUIRE(link.client->response(message) == Look::kRecord);
  CHECK_EQ(message.buffer, *number);
  CHECK_EQ(message.id, 8);
  CHECK_EQ(message.error, 4);
  CHECK_EQ(message.size, 24);
  // Not before it is done with.
  CHECK(!link.client->release(*number));
  link.client->response_done();
  REQUIRE(link.client->dispatch(message) == Look::kRecord);
  CHECK_EQ(message.error, 3);
  CHECK_EQ(message.size, 40);
  CHECK_EQ(std::memcmp(message.bytes + sizeof(ResponseHeader), "event", 6), 0);
  CHECK(link.client->release(*number));
  CHECK(!link.client->release(*number));
  CHECK(link.server->settle() == ServerEnd::Back::kSome);
  CHECK(link.server->settle() == ServerEnd::Back::kNothing);
  CHECK_EQ(own.out(*number), 1);
  CHECK(!own.withdraw(*number).has_value());
  link.client->dispatch_done();
  CHECK(link.client->release(*number));
  CHECK(!link.client->release(*number));
  CHECK(!link.client->release(63));
  CHECK(!link.client->release(kInRing));
  CHECK(!link.client->release(~0U));
  CHECK(link.server->settle() == ServerEnd::Back::kSome);
  CHECK(link.server_withdraws(*number));

  // Another buffer of the same number goes on counting.
  REQUIRE(link.server_offers(kPage) == number);
  REQUIRE(link.server->dispatch_in_buffer(*own.place(*number, 0, 24), {0, 1, kOk}) == Put::kDone);
  REQUIRE(link.client->dispatch(message) == Look::kRecord);
  link.client->dispatch_done();
  CHECK_EQ(own.out(*number), 1);
  CHECK(link.client->release(*number));
  CHECK(link.server->settle() == ServerEnd::Back::kSome);
  CHECK_EQ(own.out(*number), 0);
}

TEST(native_buffer_given_back_wakes_who_waits_for_room) {
  Link link(kGeometry);
  REQUIRE(link.client.has_value() && link.server.has_value());
  const std::optional<uint32_t> number = link.server_offers(kPage);
  REQUIRE(number.has_value());
  const std::optional<BufferPlace> place = link.server->own_buffers().place(*number, 0, 24);
  Message message;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(link.server->dispatch_in_buffer(*place, {0, 1, kOk}) == Put::kDone);
    REQUIRE(link.client->dispatch(message) == Look::kRecord);
    link.client->dispatch_done();
  }
  // What was given back before the server sleeps, it sees.
  REQUIRE(link.client->release(*number));
  CHECK(!link.server->doze(kWantsCalls | kWantsRoom));
  CHECK_EQ(link.server->own_buffers().out(*number), 2);
  // What comes later rings for it, unless it waits for something else.
  static_cast<void>(link.server->doze(kWantsCalls));
  REQUIRE(link.client->release(*number));
  CHECK(!link.client->must_ring(kWantsRoom));
  CHECK(link.server->settle() == ServerEnd::Back::kSome);
  // The word of a server that waits for room.
  REQUIRE(link.server->dispatch_in_buffer(*place, {0, 1, kOk}) == Put::kDone);
  link.server_writes->sleep = 8 * 1000 + kWantsRoom;
  REQUIRE(link.client->release(*number));
  CHECK(link.client->must_ring(kWantsRoom));
  CHECK(!link.client->must_ring(kWantsRoom));
}

TEST(native_buffer_has_places_only_within) {
  Link link(kGeometry);
  REQUIRE(link.client.has_value());
  OwnBuffers& own = link.client->own_buffers();
  sys::Result<uint32_t> made = own.make(kPage);
  REQUIRE(made.ok());
  const uint32_t number = made.value();
  CHECK(!own.place(number, 0, 24).has_value());  // not taken yet
  CHECK(!own.withdraw(number).has_value());
  REQUIRE(own.answered({BufferNoteKind::kAnswer, number, uint64_t{kOk}}));
  CHECK(own.place(number, 0, kPage).has_value());
  CHECK(own.place(number, 0, 16).has_value());
  CHECK(own.place(number, kPage - 24, 24).has_value());
  CHECK(!own.place(number, kPage - 16, 16).has_value());  // a response's header would not fit
  CHECK(!own.place(number, 0, 15).has_value());
  CHECK(!own.place(number, 0, 0).has_value());
  CHECK(!own.place(number, 4, 24).has_value());
  CHECK(!own.place(number, 0, kPage + 1).has_value());
  CHECK(!own.place(number, 8, kPage).has_value());
  CHECK(!own.place(number, kPage, 24).has_value());
  CHECK(!own.place(number, ~uint64_t{7}, 24).has_value());
  CHECK(!own.place(number, 8, ~uint64_t{0}).has_value());
  CHECK(!own.place(number + 1, 0, 24).has_value());
  CHECK(!own.place(kMostBuffers, 0, 24).has_value());
  CHECK(own.memory(kMostBuffers) == nullptr);
  CHECK_EQ(own.out(kMostBuffers), 0);
}

TEST(native_buffers_are_made_of_whole_pages_and_as_many_as_there_are_numbers) {
  OwnBuffers own;
  for (const uint64_t wrong :
       {uint64_t{0}, uint64_t{1}, kPage - 1, kPage + 1, (uint64_t{1} << 30) + kPage, ~uint64_t{0}})
    CHECK(!own.make(wrong).ok());
  for (uint32_t number = 0; number < kMostBuffers; ++number)
    CHECK(own.make(kPage).value() == number);
  sys::Result<uint32_t> more = own.make(kPage);
  REQUIRE(!more.ok());
  CHECK(more.failure().status == Status::kErrNoResources);
  own.discard(7);
  CHECK_EQ(own.make(kPage).value(), 7);
}

TEST(native_buffer_refused_is_no_breach_and_frees_its_number) {
  Link link(kGeometry);
  REQUIRE(link.client.has_value() && link.server.has_value());
  link.server->peer_buffers().set_limits({2, 2 * kPage});
  CHECK(!link.client_offers(3 * kPage).has_value());
  CHECK_EQ(link.answered, static_cast<uint64_t>(Status::kErrTooBig));
  CHECK(link.client_offers(2 * kPage) == std::optional<uint32_t>(0));
  CHECK(link.client_offers(kPage) == std::optional<uint32_t>(1));
  CHECK(!link.client_offers(kPage).has_value());
  CHECK_EQ(link.answered, static_cast<uint64_t>(Status::kErrNoResources));
  CHECK(link.client_withdraws(0));
  CHECK(link.client_offers(kPage) == std::optional<uint32_t>(0));
}

TEST(native_buffer_offers_and_withdraws_that_lie_are_breaches) {
  PeerBuffers peer;
  sys::Result<sys::BufferMemory> made = sys::BufferMemory::make(kPage);
  REQUIRE(made.ok());
  const sys::Fd& file = made.value().file();
  const auto offers = [&](uint32_t number, uint64_t bytes, const sys::Fd& with) {
    return peer.offered({BufferNoteKind::kOffer, number, bytes}, with);
  };
  const auto withdraws = [&](uint32_t number) {
    return peer.withdrawn({BufferNoteKind::kWithdraw, number, 0});
  };
  CHECK(offers(3, kPage, file) == std::optional<Status>(Status::kOk));
  CHECK(!offers(3, kPage, file).has_value());
  CHECK(!offers(kMostBuffers, kPage, file).has_value());
  CHECK(!offers(~0U, kPage, file).has_value());
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{1}, kPage - 8, kPage + 1, 2 * kPage,
                               (uint64_t{1} << 30) + kPage, ~uint64_t{0}})
    CHECK(offers(4, bytes, file) != std::optional<Status>(Status::kOk));
  CHECK(!offers(4, 2 * kPage, file).has_value());
  CHECK(!offers(4, 0, file).has_value());
  // A descriptor that this process had no room for is no fault of the peer's.
  CHECK(offers(4, kPage, sys::Fd()) == std::optional<Status>(Status::kErrNoResources));
  int ends[2];
  REQUIRE_EQ(pipe2(ends, O_CLOEXEC), 0);
  const sys::Fd reader(ends[0]);
  const sys::Fd writer(ends[1]);
  CHECK(!offers(4, kPage, reader).has_value());
  sys::Fd unsealed(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE_EQ(posix_fallocate(unsealed.get(), 0, static_cast<off_t>(kPage)), 0);
  CHECK(!offers(4, kPage, unsealed).has_value());

  CHECK(!withdraws(4));
  CHECK(!withdraws(kMostBuffers));
  CHECK(!withdraws(~0U));
  peer.hold(3);
  CHECK(!withdraws(3));
  peer.give_back(3);
  // Whoever still looks at it can, and nobody new.
  const std::shared_ptr<sys::BufferMemory> view = peer.memory(3);
  CHECK(withdraws(3));
  CHECK(!withdraws(3));
  CHECK(peer.find(3, 0, 24) == nullptr);
  CHECK(view->data()[kPage - 1] == std::byte{0});
}

TEST(native_buffer_answers_that_nobody_waits_for_are_breaches) {
  OwnBuffers own;
  const auto answers = [&](uint32_t number, Status status) {
    return own.answered({BufferNoteKind::kAnswer, number, static_cast<uint64_t>(status)});
  };
  CHECK(!answers(0, Status::kOk));
  CHECK(!answers(kMostBuffers, Status::kOk));
  CHECK(!answers(~0U, Status::kOk));
  REQUIRE(own.make(kPage).ok());
  CHECK(answers(0, Status::kOk));
  CHECK(!answers(0, Status::kOk));
  CHECK(!answers(0, Status::kErrNoMemory));
  CHECK(own.taken(0));
  REQUIRE(own.withdraw(0).has_value());
  CHECK(!answers(0, Status::kOk));
}

// A record as a liar writes it, and what the server makes of it.
struct Lie {
  int32_t size = 64;
  uint32_t kind = 1;
  uint32_t number = 0;
  uint32_t zero = 0;
  uint64_t offset = 8;
  size_t bytes = sizeof(RequestHeader) + sizeof(PlaceLayout);
};

Look told(const Lie& lie) {
  Link link(kGeometry);
  if (!link.client.has_value() || !link.client_offers(kPage).has_value()) return Look::kNothing;
  ring::ProducerPlace written;
  ring::RecordProducer liar(link.request_ring, kGeometry.request_ring,
                            &link.server_writes->request_head, written);
  const RequestHeader header{lie.size, 5};
  const PlaceLayout place{lie.number, lie.zero, lie.offset};
  std::vector<std::byte> record(64);
  std::memcpy(record.data(), &header, sizeof header);
  std::memcpy(record.data() + sizeof header, &place, sizeof place);
  record.resize(lie.bytes);
  const Bytes part(record);
  if (liar.put(lie.kind, 1, Parts(&part, 1)) != Put::kDone) return Look::kNothing;
  Message message;
  return link.server->request(message);
}

TEST(native_server_finds_every_breach_of_a_message_in_a_buffer) {
  const auto breach = [](const Lie& lie) { return told(lie) == Look::kBreach; };
  CHECK(told({}) == Look::kRecord);
  CHECK(told({.size = static_cast<int32_t>(kPage), .offset = 0}) == Look::kRecord);
  CHECK(told({.size = 16, .offset = kPage - 16}) == Look::kRecord);
  CHECK(breach({.size = 15}));
  CHECK(breach({.size = 0}));
  CHECK(breach({.size = -1}));
  CHECK(breach({.size = static_cast<int32_t>(kPage)}));  // 8 bytes beyond the end
  CHECK(breach({.size = 0x7fffffff}));
  CHECK(breach({.kind = 2}));
  CHECK(breach({.kind = ~0U}));
  CHECK(breach({.number = 1}));
  CHECK(breach({.number = kMostBuffers}));
  CHECK(breach({.number = ~0U}));
  CHECK(breach({.zero = 1}));
  CHECK(breach({.offset = 4}));
  CHECK(breach({.size = 16, .offset = kPage - 8}));
  CHECK(breach({.offset = kPage}));
  CHECK(breach({.offset = ~uint64_t{7}}));
  CHECK(breach({.offset = ~uint64_t{63}}));  // its end comes round to the beginning
  CHECK(breach({.bytes = 31}));
  CHECK(breach({.bytes = 33}));
  CHECK(breach({.bytes = 16}));
}

TEST(native_server_takes_a_message_that_moves_between_two_looks_as_a_breach) {
  Link link(kGeometry);
  REQUIRE(link.client.has_value());
  REQUIRE(link.client_offers(kPage) == std::optional<uint32_t>(0));
  REQUIRE(link.client_offers(kPage) == std::optional<uint32_t>(1));
  uint64_t sequence = 0;
  REQUIRE(send(*link.client, 0, 0, 64, sequence) == Put::kDone);
  Message message;
  REQUIRE(link.server->request(message) == Look::kRecord);
  link.request_ring[ring::kRecordHeaderBytes + sizeof(RequestHeader)] = std::byte{1};
  CHECK(link.server->request(message) == Look::kBreach);
}

TEST(native_client_finds_every_breach_of_a_message_in_a_buffer) {
  constexpr size_t kPlaceAt = ring::kRecordHeaderBytes + sizeof(ResponseHeader);
  const auto finds = [](size_t at, std::byte value) {
    Link link(kGeometry);
    if (!link.client.has_value() || !link.server_offers(kPage).has_value()) return Look::kNothing;
    const auto place = link.server->own_buffers().place(0, 0, kPage);
    uint64_t sequence = 0;
    static_cast<void>(link.client_sends(sequence));
    static_cast<void>(link.server->respond_in_buffer(1, *place, {0, 1, kOk}));
    static_cast<void>(link.server->dispatch_in_buffer(*place, {0, 1, kOk}));
    for (std::byte* ring : {link.response_ring, link.dispatch_ring})
      if (at != 0) ring[at] = value;
    Message message;
    const Look one = link.client->response(message);
    return one == link.client->dispatch(message) ? one : Look::kNothing;
  };
  CHECK(finds(0, std::byte{0}) == Look::kRecord);
  CHECK(finds(4, std::byte{2}) == Look::kBreach);             // the kind
  CHECK(finds(0x10, std::byte{1}) == Look::kBreach);          // the size
  CHECK(finds(kPlaceAt, std::byte{1}) == Look::kBreach);      // the number
  CHECK(finds(kPlaceAt + 4, std::byte{1}) == Look::kBreach);  // the zero
  CHECK(finds(kPlaceAt + 8, std::byte{8}) == Look::kBreach);  // the offset
  CHECK(finds(kPlaceAt + 15, std::byte{1}) == Look::kBreach);
}

TEST(native_server_finds_a_client_that_gives_back_what_it_never_had) {
  for (const uint64_t lie : {uint64_t{3}, ~uint64_t{0}, uint64_t{0}}) {
    Link link(kGeometry);
    REQUIRE(link.client.has_value());
    REQUIRE(link.server_offers(kPage).has_value());
    const auto place = link.server->own_buffers().place(0, 0, 24);
    for (int i = 0; i < 2; ++i)
      REQUIRE(link.server->dispatch_in_buffer(*place, {0, 1, kOk}) == Put::kDone);
    link.client_writes->released[0] = 1;
    REQUIRE(link.server->settle() == ServerEnd::Back::kSome);
    link.client_writes->released[0] = lie;
    CHECK(link.server->settle() == ServerEnd::Back::kBreach);
    // Whoever does not ask is told by the next request.
    link.client_writes->released[0] = 1;
    uint64_t sequence = 0;
    REQUIRE(link.client_sends(sequence) == Put::kDone);
    Message message;
    CHECK(link.server->request(message) == Look::kBreach);
  }
}

TEST(native_socket_gives_notes_however_they_come) {
  const size_t before = open_descriptors();
  {
    auto [near, far] = socket_pair();
    sys::Result<sys::BufferMemory> made = sys::BufferMemory::make(kPage);
    REQUIRE(made.ok());
    const sys::Fd& file = made.value().file();
    SocketReader reader;
    BufferNote note;
    sys::Fd got;
    CHECK(reader.read(near, note, got) == State::kNothing);
    const BufferNoteBytes offer = encode({BufferNoteKind::kOffer, 9, kPage});
    const BufferNoteBytes answered = encode({BufferNoteKind::kAnswer, 3, 1});
    const BufferNoteBytes withdraw = encode({BufferNoteKind::kWithdraw, 2, 0});
    for (int round = 0; round < 20; ++round) {
      reader.begin_turn();
      // Doorbells and notes in one read, the descriptor behind some of them.
      ring_bell(far);
      REQUIRE(send_all(far, answered));
      REQUIRE_EQ(sys::send_file(far, offer, file).bytes, kBufferNoteBytes);
      ring_bell(far);
      REQUIRE(send_all(far, withdraw));
      REQUIRE_EQ(sys::send_file(far, offer, file).bytes, kBufferNoteBytes);
      REQUIRE_EQ(sys::send_file(far, offer, file).bytes, kBufferNoteBytes);
      ring_bell(far);
      const std::pair<BufferNoteKind, uint32_t> wanted[] = {{BufferNoteKind::kAnswer, 3},
                                                            {BufferNoteKind::kOffer, 9},
                                                            {BufferNoteKind::kWithdraw, 2},
                                                            {BufferNoteKind::kOffer, 9},
                                                            {BufferNoteKind::kOffer, 9}};
      for (const auto& [kind, number] : wanted) {
        REQUIRE(reader.read(near, note, got) == State::kNote);
        CHECK(note.kind == kind);
        CHECK_EQ(note.number, number);
        CHECK_EQ(got.open(), kind == BufferNoteKind::kOffer);
        CHECK(!got.open() || sys::same_file(got, file));
      }
      CHECK(reader.read(near, note, got) == State::kNothing);
    }
    // A byte at a time, between doorbells.
    ring_bell(far);
    for (size_t at = 0; at < kBufferNoteBytes; ++at) {
      const std::span<const std::byte> one = std::span(offer).subspan(at, 1);
      reader.begin_turn();
      REQUIRE_EQ((at == 0 ? sys::send_file(far, one, file) : sys::send(far, one)).bytes, 1);
      CHECK(reader.read(near, note, got) ==
            (at + 1 < kBufferNoteBytes ? State::kNothing : State::kNote));
    }
    CHECK(got.open());
    reader.begin_turn();
    // What came before the end is told first.
    REQUIRE(send_all(far, withdraw));
    far.reset();
    CHECK(reader.read(near, note, got) == State::kNote);
    CHECK(!got.open());
    CHECK(reader.read(near, note, got) == State::kOver);
    CHECK(reader.read(near, note, got) == State::kOver);
  }
  CHECK_EQ(open_descriptors(), before);
}

TEST(native_socket_is_left_readable_when_there_is_more_than_a_turn_takes) {
  auto [near, far] = socket_pair();
  const BufferNoteBytes answered = encode({BufferNoteKind::kAnswer, 3, 1});
  constexpr size_t kNotes = 200;
  for (size_t i = 0; i < kNotes; ++i) REQUIRE(send_all(far, answered));
  SocketReader reader;
  size_t heard = 0;
  int turns = 0;
  for (; heard < kNotes; ++turns) {
    reader.begin_turn();
    BufferNote note;
    sys::Fd got;
    State state = State::kNote;
    size_t of_turn = 0;
    while ((state = reader.read(near, note, got)) == State::kNote) ++of_turn;
    REQUIRE(state == State::kNothing);
    REQUIRE(of_turn > 0 && of_turn < kNotes / 2);
    heard += of_turn;
  }
  CHECK_EQ(heard, kNotes);
  CHECK_EQ(reader.doorbells(), 0);
  // Doorbells are counted, those between notes too.
  ring_bell(far);
  REQUIRE(send_all(far, answered));
  ring_bell(far);
  reader.begin_turn();
  BufferNote note;
  sys::Fd got;
  CHECK(reader.read(near, note, got) == State::kNote);
  CHECK(reader.read(near, note, got) == State::kNothing);
  CHECK_EQ(reader.doorbells(), 2);
}

TEST(native_socket_finds_every_breach) {
  const size_t before = open_descriptors();
  const auto reads = [](std::span<const std::byte> bytes, bool with_file, bool twice = false) {
    auto [near, far] = socket_pair();
    for (int i = 0; i < (twice ? 2 : 1); ++i)
      if ((with_file ? sys::send_file(far, bytes, far) : sys::send(far, bytes)).bytes !=
          bytes.size())
        return State::kNothing;
    SocketReader reader;
    BufferNote note;
    sys::Fd got;
    State state = State::kNote;
    while (state == State::kNote) state = reader.read(near, note, got);
    return state;
  };
  const auto byte = [&](uint8_t value, bool with_file = false) {
    const std::byte one{value};
    return reads(std::span(&one, 1), with_file);
  };
  CHECK(byte(1) == State::kNothing);
  for (const int value : {0, 5, 6, 127, 255})
    CHECK(byte(static_cast<uint8_t>(value)) == State::kBreach);
  CHECK(byte(1, true) == State::kBreach);
  const BufferNoteBytes offer = encode({BufferNoteKind::kOffer, 1, kPage});
  CHECK(reads(offer, true) == State::kNothing);
  CHECK(reads(offer, false) == State::kBreach);
  // A second descriptor while the note is on its way, and one with a note that is no offer.
  CHECK(reads(std::span(offer).first(1), true, true) == State::kBreach);
  CHECK(reads(encode({BufferNoteKind::kAnswer, 1, 1}), true) == State::kBreach);
  CHECK(reads(encode({BufferNoteKind::kWithdraw, 1, 0}), true) == State::kBreach);
  CHECK(reads(encode({BufferNoteKind::kWithdraw, 1, 1}), false) == State::kBreach);
  for (const size_t at : {1, 2, 3}) {
    BufferNoteBytes answered = encode({BufferNoteKind::kAnswer, 1, 1});
    answered[at] = std::byte{1};
    CHECK(reads(answered, false) == State::kBreach);
  }
  CHECK_EQ(open_descriptors(), before);
}

// Two processes: the client's requests and the server's answers are a mebibyte each, in a buffer
// either way, and their rings a page each.

constexpr uint64_t kLarge = uint64_t{1} << 20;
constexpr uint64_t kRounds = 200;

// Whether all of the message is of the round that it is for.
bool is_of(const Message& message, size_t header, uint64_t round) {
  if (message.size != kLarge || message.buffer == kInRing) return false;
  const std::byte wanted{static_cast<uint8_t>(round)};
  for (size_t at = header; at < kLarge; ++at)
    if (message.bytes[at] != wanted) return false;
  return true;
}

// Takes notes until one came; false when the peer is gone, broke a rule or keeps silent.
bool wait_for_note(NoteSide& side, BufferNote& note, sys::Fd& file) {
  for (;;) {
    const State state = side.reader.read(side.socket, note, file);
    if (state != State::kNothing) return state == State::kNote;
    if (sys::wait_for(side.socket, POLLIN, sys::deadline_after_ms(60'000)) == 0) return false;
  }
}

std::optional<uint32_t> offer_large(OwnBuffers& own, NoteSide& side) {
  sys::Result<uint32_t> made = own.make(kLarge);
  if (!made.ok()) return std::nullopt;
  const uint32_t number = made.value();
  static_cast<void>(sys::send_file(side.socket, own.offer(number), own.file(number)));
  BufferNote note;
  sys::Fd file;
  if (!wait_for_note(side, note, file) || !own.answered(note) || !own.taken(number))
    return std::nullopt;
  return number;
}

bool take_large(PeerBuffers& peer, NoteSide& side) {
  BufferNote note;
  sys::Fd file;
  if (!wait_for_note(side, note, file)) return false;
  const std::optional<Status> status = peer.offered(note, file);
  return status == Status::kOk &&
         send_all(side.socket, encode({BufferNoteKind::kAnswer, note.number, uint64_t{kOk}}));
}

// Spins, now and then giving its processor away, until `ready` says so or the peer is gone.
template <class Ready>
bool spin_for(const sys::Fd& socket, const Ready& ready) {
  const int64_t deadline = sys::deadline_after_ms(60'000);
  while (!ready()) {
    if ((sys::wait_for(socket, POLLHUP, 0) & POLLHUP) != 0 && !ready()) return false;
    if (sys::now_ns() > deadline) return false;
    sched_yield();
  }
  return true;
}

// Makes the memory of this side and hands it over, a byte with it, for the peer's.
template <class End, class Ours, class Theirs>
std::optional<End> attach(const sys::Fd& socket, const Ours& ours, const Theirs& theirs) {
  sys::Result<sys::SealedMemory> made = sys::SealedMemory::make(ours);
  if (!made.ok()) return std::nullopt;
  std::byte byte{};
  static_cast<void>(sys::send_file(socket, std::span(&byte, 1), made.value().file()));
  if (sys::wait_for(socket, POLLIN, sys::deadline_after_ms(60'000)) == 0) return std::nullopt;
  sys::FileTransfer got = sys::receive_file(socket, std::span(&byte, 1));
  sys::Result<sys::SealedMemory> taken = sys::SealedMemory::take(std::move(got.file), theirs);
  if (!taken.ok()) return std::nullopt;
  return std::optional<End>(std::in_place, kGeometry, std::move(made.value()),
                            std::move(taken.value()));
}

// The number of the step that failed; 0 when all went well.
int serve_large(NoteSide& side) {
  std::optional<ServerEnd> end_here =
      attach<ServerEnd>(side.socket, server_rings(kGeometry), client_rings(kGeometry));
  if (!end_here.has_value()) return 11;
  ServerEnd& end = *end_here;
  if (!take_large(end.peer_buffers(), side)) return 1;
  const std::optional<uint32_t> number = offer_large(end.own_buffers(), side);
  if (!number.has_value()) return 2;
  std::byte* const ours = end.own_buffers().memory(*number)->data();
  for (uint64_t round = 1; round <= kRounds; ++round) {
    if (!spin_for(side.socket, [&] { return end.request_ready(); })) return 3;
    Message message;
    if (end.request(message) != Look::kRecord) return 4;
    if (!is_of(message, sizeof(RequestHeader), round)) return 5;
    end.request_done();
    const auto given_back = [&] { return end.own_buffers().out(*number) == 0; };
    if (!spin_for(side.socket,
                  [&] { return end.settle() == ServerEnd::Back::kBreach || given_back(); }))
      return 6;
    if (!given_back()) return 7;
    std::memset(ours, static_cast<int>(round & 0xff), kLarge);
    const auto place = end.own_buffers().place(*number, 0, kLarge);
    if (end.respond_in_buffer(round, *place, {0, 1, kOk}) != Put::kDone) return 8;
  }
  BufferNote note;
  sys::Fd file;
  if (!wait_for_note(side, note, file) || !end.peer_buffers().withdrawn(note)) return 9;
  // The client goes with what it holds of ours.
  return wait_for_note(side, note, file) ? 10 : 0;
}

TEST(native_buffers_between_two_processes_carry_what_no_ring_has_room_for) {
  NoteSide near;
  NoteSide far;
  std::tie(near.socket, far.socket) = socket_pair();
  const pid_t child = fork();
  if (child == 0) {
    near.socket.reset();
    _exit(serve_large(far));
  }
  far.socket.reset();
  std::optional<ClientEnd> end =
      attach<ClientEnd>(near.socket, client_rings(kGeometry), server_rings(kGeometry));
  REQUIRE(end.has_value());
  const std::optional<uint32_t> number = offer_large(end->own_buffers(), near);
  REQUIRE(number.has_value());
  REQUIRE(take_large(end->peer_buffers(), near));
  std::byte* const ours = end->own_buffers().memory(*number)->data();
  uint64_t round = 0;
  uint64_t fine = 0;
  while (round < kRounds && fine == round) {
    ++round;
    std::memset(ours, static_cast<int>(round & 0xff), kLarge);
    uint64_t sequence = 0;
    if (send(*end, *number, 0, kLarge, sequence) != Put::kDone) break;
    if (!spin_for(near.socket, [&] { return end->response_ready(); })) break;
    Message message;
    if (end->response(message) != Look::kRecord) break;
    const uint32_t theirs = message.buffer;
    end->response_done();
    // It lies where it is until it is released, whatever happens to the ring.
    if (is_of(message, sizeof(ResponseHeader), round) && end->own_buffers().out(*number) == 0)
      ++fine;
    if (round < kRounds && !end->release(theirs)) break;
  }
  CHECK_EQ(fine, kRounds);
  const std::optional<BufferNoteBytes> withdraw = end->own_buffers().withdraw(*number);
  REQUIRE(withdraw.has_value());
  CHECK(send_all(near.socket, *withdraw));
  near.socket.reset();
  int status = -1;
  REQUIRE_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 0);
}

// A maker that is killed takes nothing from who reads what it made.
TEST(native_buffer_of_a_peer_that_was_killed_can_be_read) {
  auto [near, far] = socket_pair();
  const pid_t child = fork();
  if (child == 0) {
    near.reset();
    OwnBuffers own;
    NoteSide side;
    side.socket = std::move(far);
    const std::optional<uint32_t> number = offer_large(own, side);
    if (!number.has_value()) _exit(1);
    std::memset(own.memory(*number)->data(), 7, kLarge);
    ring_bell(side.socket);
    for (;;) pause();
  }
  far.reset();
  NoteSide side;
  side.socket = std::move(near);
  PeerBuffers peer;
  REQUIRE(take_large(peer, side));
  const std::shared_ptr<sys::BufferMemory> memory = peer.memory(0);
  REQUIRE(memory != nullptr);
  CHECK(spin_for(side.socket, [&] { return memory->data()[kLarge - 1] == std::byte{7}; }));
  kill(child, SIGKILL);
  int status = -1;
  REQUIRE_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFSIGNALED(status));
  bool whole = true;
  for (size_t at = 0; at < kLarge; ++at) whole = whole && memory->data()[at] == std::byte{7};
  CHECK(whole);
  CHECK(peer.find(0, kLarge - 24, 24) != nullptr);
  BufferNote note;
  sys::Fd file;
  CHECK(!wait_for_note(side, note, file));
}

}  // namespace
}  // namespace coroipc::wire::native
