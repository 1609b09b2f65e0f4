#include "wire/native/handshake.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace coroipc::wire::native {
namespace {

using Name = std::array<char, kNameBytes>;
constexpr Name kHelloName{'c', 'o', 'r', 'o', 'i', 'p', 'c', 'N'};
constexpr Name kWelcomeName{'c', 'o', 'r', 'o', 'i', 'p', 'c', 'S'};
constexpr Name kAttachName{'c', 'o', 'r', 'o', 'i', 'p', 'c', 'A'};
constexpr Name kReadyName{'c', 'o', 'r', 'o', 'i', 'p', 'c', 'R'};

// As they lie on the wire; bytes that are zero today are how a later version says more.
struct HelloLayout {
  Name name;
  uint16_t least_version;
  uint16_t greatest_version;
  uint32_t service;
  uint64_t rings[3];
  uint32_t in_flight;
  uint32_t zero[5];
};
static_assert(sizeof(HelloLayout) == kHelloBytes && offsetof(HelloLayout, service) == 12 &&
              offsetof(HelloLayout, rings) == 16 && offsetof(HelloLayout, in_flight) == 40);

struct WelcomeLayout {
  Name name;
  uint16_t version;
  uint16_t zero;
  int32_t status;
  uint64_t rings[3];
  uint32_t in_flight;
  uint32_t zeros[5];
};
static_assert(sizeof(WelcomeLayout) == kWelcomeBytes && offsetof(WelcomeLayout, status) == 12 &&
              offsetof(WelcomeLayout, rings) == 16 && offsetof(WelcomeLayout, in_flight) == 40);

struct NoteLayout {
  Name name;
  int32_t status;
  uint32_t zero;
};
static_assert(sizeof(NoteLayout) == kNoteBytes && offsetof(NoteLayout, status) == 8);

template <class Layout>
std::array<std::byte, sizeof(Layout)> bytes_of(const Layout& layout) {
  return std::bit_cast<std::array<std::byte, sizeof(Layout)>>(layout);
}

template <class Layout>
std::optional<Layout> layout_of(std::span<const std::byte> bytes, const Name& name) {
  if (bytes.size() != sizeof(Layout)) return std::nullopt;
  Layout layout;
  std::memcpy(&layout, bytes.data(), sizeof layout);
  if (layout.name != name) return std::nullopt;
  return layout;
}

template <size_t count>
bool all_zero(const uint32_t (&words)[count]) {
  return std::all_of(words, words + count, [](uint32_t word) { return word == 0; });
}

bool grantable(const Geometry& geometry) {
  for (const uint64_t ring :
       {geometry.request_ring, geometry.response_ring, geometry.dispatch_ring}) {
    if (!std::has_single_bit(ring) || ring < kLeastRingBytes || ring > kMostRingBytes) return false;
    if (ring % sys::control_bytes() != 0) return false;
  }
  return geometry.in_flight > 0 && geometry.in_flight <= kMostInFlight;
}

}  // namespace

Geometry grant(const Geometry& wanted, const Geometry& most) {
  const uint64_t least = std::max<uint64_t>(kLeastRingBytes, sys::control_bytes());
  const auto ring = [&](uint64_t bytes, uint64_t limit) {
    const uint64_t cut = std::clamp<uint64_t>(bytes, least, std::max(least, limit));
    // Rounding up may pass the limit, and then half of it is what fits.
    const uint64_t up = std::bit_ceil(cut);
    return up > std::max(least, limit) ? up / 2 : up;
  };
  return {ring(wanted.request_ring, most.request_ring),
          ring(wanted.response_ring, most.response_ring),
          ring(wanted.dispatch_ring, most.dispatch_ring),
          std::clamp<uint32_t>(wanted.in_flight, 1, std::max<uint32_t>(1, most.in_flight))};
}

HelloBytes encode(const Hello& hello) {
  return bytes_of(HelloLayout{
      kHelloName,
      hello.least_version,
      hello.greatest_version,
      hello.service,
      {hello.wanted.request_ring, hello.wanted.response_ring, hello.wanted.dispatch_ring},
      hello.wanted.in_flight,
      {}});
}

WelcomeBytes encode(const Welcome& welcome) {
  return bytes_of(WelcomeLayout{
      kWelcomeName,
      welcome.version,
      0,
      welcome.status,
      {welcome.granted.request_ring, welcome.granted.response_ring, welcome.granted.dispatch_ring},
      welcome.granted.in_flight,
      {}});
}

NoteBytes encode_attach() { return bytes_of(NoteLayout{kAttachName, 0, 0}); }

NoteBytes encode_ready(int32_t status) { return bytes_of(NoteLayout{kReadyName, status, 0}); }

std::optional<Hello> decode_hello(std::span<const std::byte> bytes) {
  const auto layout = layout_of<HelloLayout>(bytes, kHelloName);
  if (!layout.has_value() || !all_zero(layout->zero)) return std::nullopt;
  if (layout->least_version == 0 || layout->least_version > layout->greatest_version)
    return std::nullopt;
  return Hello{layout->least_version,
               layout->greatest_version,
               layout->service,
               {layout->rings[0], layout->rings[1], layout->rings[2], layout->in_flight}};
}

std::optional<Welcome> decode_welcome(std::span<const std::byte> bytes) {
  const auto layout = layout_of<WelcomeLayout>(bytes, kWelcomeName);
  if (!layout.has_value() || layout->zero != 0 || !all_zero(layout->zeros)) return std::nullopt;
  const Welcome welcome{layout->version,
                        layout->status,
                        {layout->rings[0], layout->rings[1], layout->rings[2], layout->in_flight}};
  // A refusal grants nothing.
  const bool refused = welcome.status != static_cast<int32_t>(Status::kOk);
  if (refused ? welcome.granted != Geometry{} : !grantable(welcome.granted)) return std::nullopt;
  return welcome;
}

bool decode_attach(std::span<const std::byte> bytes) {
  const auto layout = layout_of<NoteLayout>(bytes, kAttachName);
  return layout.has_value() && layout->status == 0 && layout->zero == 0;
}

std::optional<int32_t> decode_ready(std::span<const std::byte> bytes) {
  const auto layout = layout_of<NoteLayout>(bytes, kReadyName);
  if (!layout.has_value() || layout->zero != 0) return std::nullopt;
  return layout->status;
}

bool begins_native(std::span<const std::byte> bytes) {
  return std::memcmp(bytes.data(), kHelloName.data(), kHelloName.size()) == 0;
}

MessageReader::MessageReader(size_t bytes, std::span<const std::byte> begun)
    : wanted_(bytes), filled_(begun.size()) {
  std::copy(begun.begin(), begun.end(), bytes_.begin());
}

MessageReader::State MessageReader::read(const sys::Fd& socket) {
  while (filled_ < wanted_) {
    sys::FileTransfer got =
        sys::receive_file(socket, std::span(bytes_).subspan(filled_, wanted_ - filled_));
    if (got.lost) return State::kLost;
    if (got.too_many || (got.file.open() && file_.open())) return State::kOver;
    if (got.file.open()) file_ = std::move(got.file);
    if (got.transfer.state == sys::Transfer::State::kWouldBlock) return State::kMore;
    if (got.transfer.state == sys::Transfer::State::kOver) return State::kOver;
    filled_ += got.transfer.bytes;
  }
  return State::kComplete;
}

}  // namespace coroipc::wire::native
