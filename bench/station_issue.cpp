// Certificates a second at a station: request, proof of possession, certificate of the profile, journal on disk,
// counter, signature of a SoftHSM token. Batches share a flush, a count and an opening of the token; one at a time pays
// for each.
#include "crypto/der.h"
#include "factory/station/station.h"
#include "keys/formats/dsse_envelope.h"
#include "pki/issue.h"
#include "support/bench.h"
#include "support/temp_dir.h"
#include "support/test_keys.h"

namespace {

using namespace hf;
namespace x509 = crypto::x509;
namespace der = crypto::der;

constexpr auto kScheme = crypto::SignatureScheme::ecdsa_p256_sha256;
constexpr int kUnits = 3000, kBatch = 1000, kSingles = 40;

Bytes signed_by(const test::TestKey& key, ByteView tbs) {
  return x509::signed_of(tbs, crypto::algorithm_identifier_of(kScheme), crypto::ecdsa_to_der(key.sign(kScheme, tbs)));
}

Bytes request_of(const test::TestKey& key, std::string_view subject) {
  const auto name = bench::must(pki::name_of_text(subject));
  return signed_by(
      key, der::value(der::kSequence,
                      std::initializer_list<ByteView>{der::integer(0), name, crypto::to_spki(key.key()),
                                                      der::value(der::context(0), std::initializer_list<ByteView>{})}));
}

std::string serial_of(int number) {
  const auto digits = std::to_string(number);
  return "GW200-" + std::string(6 - digits.size(), '0') + digits;
}

}  // namespace

int main() {
  const SystemClock clock;
  bench::Report report("station_issue");
  const test::TempDir dir;
  const auto place = dir.path() / "station";
  const test::TestKey root_key(crypto::KeyAlgorithm::ecdsa_p256), maker(crypto::KeyAlgorithm::ecdsa_p256);
  bench::must(factory::Station::init(place, {.factory = "bench", .manufacturer = {maker.key()}}, clock));
  auto station = bench::must(factory::Station::open(place, clock));

  const auto root_form = bench::must(pki::Template::of_root(*pki::find_profile("root-ca"), kScheme));
  const auto root_request = bench::must(x509::request_of(request_of(root_key, "CN=Bench Root CA,O=Bench")));
  const auto root = bench::must(x509::certificate_of(
      signed_by(root_key, bench::must(root_form.certificate(root_request, {.from = clock.now()})))));
  const auto ca_form = bench::must(pki::Template::of(*pki::find_profile("issuing-ca"), root, kScheme));
  const auto ca_csr = bench::must(factory::ca_request(station->description(), "CN=Bench CA,O=Bench", place));
  const auto ca = signed_by(
      root_key, bench::must(ca_form.certificate(bench::must(x509::request_of(ca_csr)), {.from = clock.now()})));
  bench::must(station->import(ca));

  const auto now = std::chrono::floor<std::chrono::seconds>(clock.now());
  const factory::FactoryAuthorisation order{
      .id = std::string(32, 'a'),
      .product = "px",
      .batch = "px/b",
      .factory = "bench",
      .stations = {{station->key(), 100'000, 0}},
      .count = 100'000,
      .profile = "idevid",
      .profile_sha256 = factory::profile_digest("idevid").value(),
      .ca_sha256 = to_hex(crypto::sha256({ca})),
      .serials = {.prefix = "GW200-", .range = keys::Serials::Range{6, 1, 999'999}},
      .not_before = now,
      .not_after = now + std::chrono::hours(24),
      .issued_at = now,
      .sequence = 1,
      .activation = {}};
  const auto text = keys::canonical(factory::FactoryOrder(order));
  bench::must(station->import(bytes_of(
      keys::envelope_text(keys::kFactoryOrderType, bytes_of(text), maker.key(), kScheme,
                          maker.sign(kScheme, keys::pre_authentication(keys::kFactoryOrderType, bytes_of(text)))))));

  std::vector<factory::IssueOrder> orders;
  for (int i = 1; i <= kUnits + kSingles; ++i)
    orders.push_back(
        {serial_of(i), request_of(test::TestKey(crypto::KeyAlgorithm::ecdsa_p256), "serialNumber=" + serial_of(i))});
  const auto issue = [&](std::size_t from, std::size_t count) {
    for (const auto& one : bench::must(station->issue(std::span(orders).subspan(from, count))))
      if (!one) std::abort();
  };
  const bench::Stopwatch batches;
  for (int i = 0; i < kUnits; i += kBatch) issue(std::size_t(i), kBatch);
  report.figure("batches of 1,000", kUnits / batches.seconds(), "certificates/s");
  const bench::Stopwatch singles;
  for (int i = 0; i < kSingles; ++i) issue(std::size_t(kUnits + i), 1);
  report.figure("one at a time", kSingles / singles.seconds(), "certificates/s");
  station.reset();
  const bench::Stopwatch opening;
  station = bench::must(factory::Station::open(place, clock));
  report.figure("opened with so many in the journal", opening.seconds() * 1000, "ms");
  return 0;
}
