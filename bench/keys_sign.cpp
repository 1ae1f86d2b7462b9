// Signatures through the signer process (policy, approvals, journal on disk, verification), 16 callers, under a
// standing grant, against the same token asked directly by threads of this process with nothing around it.
#include <sys/resource.h>
#include <atomic>
#include <thread>

#include "crypto/token.h"
#include "keys/formats/formats.h"
#include "keys/signer/process.h"
#include "keys/signer/supervisor.h"
#include "support/bench.h"
#include "support/temp_dir.h"
#include "support/test_keys.h"

namespace {

using namespace hf;
using namespace std::chrono_literals;

constexpr int kCallers = 16;
constexpr double kSeconds = 4;

// Of this process, or of its children that have ended. Seconds of processor time do not depend on what else the
// machine does, as rates do.
double processor_seconds(int who) {
  rusage used{};
  ::getrusage(who, &used);
  const auto seconds = [](const timeval& time) { return double(time.tv_sec) + double(time.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Rate {
  double a_second = 0;
  std::int64_t calls = 0;
};

// Calls from so many threads for some seconds.
template <class F>
Rate rate(int threads, F call) {
  std::atomic<std::int64_t> done = 0;
  std::vector<std::thread> running;
  const bench::Stopwatch watch;
  for (int i = 0; i < threads; ++i)
    running.emplace_back([&] {
      for (; watch.seconds() < kSeconds; ++done) call();
    });
  for (auto& thread : running) thread.join();
  return {double(done) / watch.seconds(), done};
}

}  // namespace

int main(int count, char** arguments) {
  const SystemClock clock;
  if (count > 1 && std::string_view(arguments[1]) == "signer")
    return keys::run_signer(keys::kSignerChannel, clock, &keys::find_format);
  bench::Report report("keys_sign");
  for (const auto algorithm :
       {crypto::KeyAlgorithm::ecdsa_p256, crypto::KeyAlgorithm::ecdsa_p384, crypto::KeyAlgorithm::rsa_3072}) {
    test::TempDir directory;
    const auto config = bench::must(crypto::set_up_soft_token(directory.path(), {}));
    const auto scheme = crypto::default_scheme_of(algorithm);
    const std::string name(crypto::name_of(algorithm));
    auto signer = std::make_unique<keys::Signer>(keys::SignerConfig{.token = config,
                                                                    .directory = directory.path() / "token" / "signer",
                                                                    .program = "/proc/self/exe",
                                                                    .arguments = {"signer"}},
                                                 clock);
    const auto key = bench::must(signer->generate(algorithm, "bench"));
    const test::TestKey ann(crypto::KeyAlgorithm::ecdsa_p256), bob(crypto::KeyAlgorithm::ecdsa_p256);
    const auto approver = [](const char* who, const test::TestKey& of) {
      return keys::Approver{
          .person = who, .name = who, .roles = {"officer"}, .kind = keys::CredentialKind::key, .key = of.key()};
    };
    const keys::Charter charter{.key = "bench",
                                .key_class = keys::KeyClass::firmware,
                                .environment = keys::Environment::test,
                                .owner = "ann",
                                .deputy = "bob",
                                .versions = {{.version = 1,
                                              .algorithm = algorithm,
                                              .id = key.pin.id,
                                              .fingerprint = key.pin.fingerprint,
                                              .state = keys::VersionState::active}},
                                .policy = {.formats = {"raw"}, .schemes = {scheme}, .digest_only = true},
                                .approval = {.steps = {{.name = "officers", .roles = {"officer"}, .needed = 2}}},
                                .grants = {.signatures = 1'000'000'000, .days = 30},
                                .approvers = {approver("ann", ann), approver("bob", bob)}};
    bench::must(signer->found(charter));
    const auto now = clock.now();
    const keys::SigningRequest grant{
        .kind = keys::RequestKind::grant,
        .id = std::string(32, 'a'),
        .key = "bench",
        .key_version = 1,
        .charter = keys::digest_of(charter),
        .requester = "token:1",
        .person = "user:1",
        .reason = "bench",
        .created_at = now,
        .expires_at = now + 24h,
        .grant = keys::Grant{
            .signatures = 1'000'000'000, .products = {"px"}, .formats = {"raw"}, .requesters = {"token:1"}}};
    keys::SignOrder order{.request = grant,
                          .requester = "token:1",
                          .product = "px",
                          .format = "raw",
                          .scheme = scheme,
                          .signing_time = now};
    for (const auto& [who, of] : {std::pair{"ann", &ann}, std::pair{"bob", &bob}}) {
      keys::Approval approval{.statement = {keys::digest_of(grant), keys::Decision::approve, who, now},
                              .kind = keys::CredentialKind::key};
      approval.signature =
          of->sign(crypto::SignatureScheme::ecdsa_p256_sha256, bytes_of(keys::canonical(approval.statement)));
      order.approvals.push_back(std::move(approval));
    }
    const auto artifact = directory.path() / "artifact";
    std::FILE* const file = std::fopen(artifact.c_str(), "wb");
    std::fputs("artifact", file);
    std::fclose(file);
    const JsonObject options{{"algorithm", scheme == crypto::SignatureScheme::ecdsa_p384_sha384 ? "sha384" : "sha256"}};
    order.evidence = bench::must(keys::find_format("raw")->evidence(artifact, options));
    const auto spent = [] { return processor_seconds(RUSAGE_SELF) + processor_seconds(RUSAGE_CHILDREN); };
    auto before = spent();
    const auto governed = rate(kCallers, [&] { bench::must(signer->sign(order)); });
    signer = nullptr;  // its process ends, and is counted
    const auto governed_cost = (spent() - before) / double(governed.calls);
    const auto token = bench::must(crypto::open_token(config));
    const Bytes input(crypto::input_size_of(scheme), 7);
    before = spent();
    const auto bare = rate(2, [&] { bench::must(token->sign(key.pin, scheme, input)); });
    const auto bare_cost = (spent() - before) / double(bare.calls);
    report.figure(name + ", governed, 16 callers", governed.a_second, "signatures/s");
    report.figure(name + ", the token alone, verified, 2 threads", bare.a_second, "signatures/s");
    report.figure(name + ", governed of the token alone", governed.a_second / bare.a_second, "", bench::at_least(0.8));
    report.figure(name + ", governed: processor time of a signature", governed_cost * 1e6, "us");
    report.figure(name + ", the token alone: processor time of a signature", bare_cost * 1e6, "us");
  }
}
