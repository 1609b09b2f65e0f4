// ZeroMQ in C, over its ipc transport: REQ and REP for calls, DEALER and ROUTER for many in flight,
// PUSH and PULL for messages one way, XPUB and SUB for messages to many. Each side has its own
// thread and the one thread for input and output that the library advises below a gigabyte a
// second. Prints one line of JSON.
#include "client.h"
#include "server.h"

namespace {

bool call_in(void* context, const std::string& endpoint, const bench::Options& options,
             bench::Meter& meter) {
  if (bench::is_stream(options)) {
    zmq_c::Subscribers subscribers;
    return subscribers.open(context, endpoint, options) &&
           bench::measure_stream([&] { return subscribers.take(); }, options.effort, meter);
  }
  zmq_c::Client client(context, options);
  if (!client.connect(endpoint)) return perror("zmq_connect"), false;
  return bench::measure_client(client, options, meter);
}

bool call(const std::string& endpoint, const bench::Options& options, bench::Meter& meter) {
  void* context = zmq_ctx_new();
  const bool measured = call_in(context, endpoint, options, meter);
  zmq_ctx_term(context);
  return measured;
}

int print_version() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  zmq_version(&major, &minor, &patch);
  printf("{\"version\": \"%d.%d.%d\"}\n", major, minor, patch);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Options options;
  if (!bench::parse(argc, argv, options)) return 2;
  if (options.measure == "version") return print_version();
  if (options.measure == "paced") options.in_flight = zmq_c::kPacedInFlight;
  const std::string endpoint = zmq_c::endpoint_of(getpid());
  return bench::run_two_sides(
      options,
      [&](const bench::Options& asked, const bench::Ready& ready) {
        return zmq_c::serve(endpoint, asked, ready);
      },
      [&](const bench::Options& asked, bench::Meter& meter) {
        return call(endpoint, asked, meter);
      });
}
