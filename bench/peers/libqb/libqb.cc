// libqb's IPC, corosync's own successor of coroipc: qb_ipcs on a qb_loop against qb_ipcc, over
// shared memory (way=shm) or datagram sockets (way=socket). Prints one line of JSON.
#include <qb/qbutil.h>

#include "client.h"
#include "server.h"

namespace {

bool call(const std::string& name, const bench::Options& options, bench::Meter& meter) {
  if (bench::is_stream(options)) {
    libqb::Subscribers subscribers;
    return subscribers.open(name, options) &&
           bench::measure_stream([&] { return subscribers.take_events(); }, options.effort, meter);
  }
  libqb::Client client(name, options);
  if (!client.connected()) return perror("qb_ipcc_connect"), false;
  return bench::measure_client(client, options, meter);
}

}  // namespace

int main(int argc, char** argv) {
  bench::Options options;
  if (!bench::parse(argc, argv, options)) return 2;
  if (options.measure == "version") return printf("{\"version\": \"%s\"}\n", qb_ver_str), 0;
  if (options.measure == "paced") options.in_flight = libqb::kPacedInFlight;
  if (!libqb::fits(options)) return printf("[]\n"), 0;
  const std::string name = "coroipc-bench-" + std::to_string(getpid());
  return bench::run_two_sides(
      options,
      [&](const bench::Options& asked, const bench::Ready& ready) {
        return libqb::Server::serve(name, asked, ready);
      },
      [&](const bench::Options& asked, bench::Meter& meter) { return call(name, asked, meter); });
}
