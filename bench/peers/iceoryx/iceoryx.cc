// iceoryx 2: request and response, publish and subscribe, in shared memory that its daemon,
// iox-roudi, manages; the daemon has to run. Both sides poll (way=poll) or sleep (way=wait). Prints
// one line of JSON.
#include <iceoryx_versions.hpp>

#include "client.h"
#include "server.h"

namespace {

bool call(pid_t caller, const bench::Options& options, bench::Meter& meter) {
  iceoryx::join("caller", caller);
  if (bench::is_stream(options)) {
    iceoryx::Subscribers subscribers(options);
    return subscribers.open(caller, options.subscribers) &&
           bench::measure_stream([&] { return subscribers.take(); }, options.effort, meter);
  }
  iceoryx::Client client(caller, options);
  if (!client.connect()) return fprintf(stderr, "the server was not found\n"), false;
  return bench::measure_client(client, options, meter);
}

}  // namespace

int main(int argc, char** argv) {
  bench::Options options;
  if (!bench::parse(argc, argv, options)) return 2;
  if (options.measure == "version") {
    return printf("{\"version\": \"%s\"}\n", ICEORYX_LATEST_RELEASE_VERSION), 0;
  }
  // A client's queue holds so many answers.
  constexpr int kMostInFlight = iox::MAX_RESPONSE_QUEUE_CAPACITY;
  if (options.in_flight > kMostInFlight) return printf("[]\n"), 0;
  if (options.measure == "paced") options.in_flight = kMostInFlight;
  const pid_t caller = getpid();
  return bench::run_two_sides(
      options,
      [&](const bench::Options& asked, const bench::Ready& ready) {
        return iceoryx::serve(caller, asked, ready);
      },
      [&](const bench::Options& asked, bench::Meter& meter) { return call(caller, asked, meter); });
}
