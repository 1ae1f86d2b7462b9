// What the tests of the factory part share: a manufacturer that signs orders, a station on a real SoftHSM token, units.
#pragma once

#include <gtest/gtest.h>
#include <fstream>
#include <sstream>

#include "factory/bundle.h"
#include "factory/station/station.h"
#include "keys/formats/dsse_envelope.h"
#include "pki/pki_test.h"

namespace hf::factory::fixture {

namespace fs = std::filesystem;
namespace x509 = crypto::x509;
using crypto::KeyAlgorithm, crypto::SignatureScheme;
using keys::fixture::read_file, keys::fixture::write_file;
using test::TempDir, test::TestKey;
using namespace std::chrono_literals;

inline const Time kNow = time_of(1'795'000'000'000'000);  // 2026-11-18

inline std::string envelope_of(const TestKey& key, std::string_view type, std::string_view payload) {
  const auto scheme = crypto::default_scheme_of(key.key().algorithm);
  return keys::envelope_text(type, bytes_of(payload), key.key(), scheme,
                             key.sign(scheme, keys::pre_authentication(type, bytes_of(payload))));
}

struct Unit {
  TestKey key{KeyAlgorithm::ecdsa_p256};
  std::string serial;
  Bytes request;

  explicit Unit(std::string name, std::string subject = {}) : serial(std::move(name)) {
    request = pki::fixture::request_der(key, subject.empty() ? "serialNumber=" + serial : subject);
  }
  [[nodiscard]] IssueOrder order(std::string authorisation = {}) const {
    return {serial, request, std::move(authorisation)};
  }
  [[nodiscard]] std::string attestation(std::string_view flash, const std::vector<std::string>& fuses) const {
    return envelope_of(
        key, kAttestationType,
        to_text(JsonObject{{"serial", serial}, {"flash_sha256", flash}, {"fuses", keys::list_of(fuses)}}));
  }
};
inline std::string serial_of(int number) {
  auto digits = std::to_string(number);
  return "GW-" + std::string(4 - digits.size(), '0') + digits;
}

// A root of tests, and whose orders the stations take.
struct Manufacturer {
  TestKey key{KeyAlgorithm::ecdsa_p256};
  pki::fixture::Authority root = pki::fixture::root();

  [[nodiscard]] std::string sign(const FactoryOrder& order) const {
    return envelope_of(key, keys::kFactoryOrderType, keys::canonical(order));
  }
  // The station's CA, from the request that it wrote.
  [[nodiscard]] Bytes ca_for(ByteView request) const {
    const auto form = pki::fixture::template_of(root, "issuing-ca");
    return pki::fixture::issued(form, root.key, x509::request_of(request).value()).der;
  }
};

class StationTest : public testing::Test {
 protected:
  void SetUp() override {
    if (crypto::find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
    make(place());
    request_ = ca_request(station_->description(), "CN=Device CA sz-1,O=Example", place()).value();
    ca_ = maker_.ca_for(request_);
    EXPECT_EQ(importing(text_of(ca_)), "ok");
  }

  [[nodiscard]] fs::path place() const { return dir_.path() / "station"; }
  [[nodiscard]] fs::path counter_file() const { return dir_.path() / "counter"; }
  void make(const fs::path& directory) {
    const auto made = Station::init(directory,
                                    {.factory = "sz-1",
                                     .manufacturer = {maker_.key.key()},
                                     .counter = where_.empty() ? "file:" + counter_file().string() : where_},
                                    clock_);
    ASSERT_TRUE(made) << made.error().message << made.error().detail;
    open();
  }
  void open(std::string device = {}) {
    station_.reset();
    auto opened = Station::open_troubled(place(), clock_, std::move(device));
    ASSERT_TRUE(opened) << opened.error().message << opened.error().detail;
    station_ = *std::move(opened);
  }
  [[nodiscard]] std::string trouble() const {
    return station_->trouble() ? std::string(station_->trouble()->code) : "none";
  }

  // A window of a week from now, for five units, with nothing demanded before they go out.
  [[nodiscard]] FactoryAuthorisation authorisation(std::int64_t sequence = 1, std::int64_t count = 5) const {
    return {.id = std::string(31, 'a') + std::string(1, char('a' + sequence % 6)),
            .product = "px-100",
            .batch = "px-100/b1",
            .release = "px-100/1.2.3",
            .factory = "sz-1",
            .stations = {{station_->key(), count, station_->state().epoch()}},
            .count = count,
            .profile = "idevid",
            .profile_sha256 = profile_digest("idevid").value(),
            .ca_sha256 = to_hex(crypto::sha256({ca_})),
            .serials = {.prefix = "GW-", .range = keys::Serials::Range{4, 1, 1000}},
            .not_before = kNow - 1h,
            .not_after = kNow + 24h * 7,
            .issued_at = kNow - 1h,
            .sequence = sequence,
            .activation = {}};
  }
  [[nodiscard]] FactoryHold hold(std::int64_t sequence, std::optional<std::int64_t> ends = {}) const {
    return {.sequence = sequence,
            .ends = ends,
            .product = "px-100",
            .release = "px-100/1.2.3",
            .reason = "CVE-2026-0001",
            .issued_at = kNow};
  }

  [[nodiscard]] std::string importing(std::string_view text) {
    const auto done = station_->import(bytes_of(text));
    return done ? *done == "known already" ? "known" : "ok" : std::string(done.error().code);
  }
  [[nodiscard]] std::string importing(const FactoryOrder& order) { return importing(maker_.sign(order)); }
  [[nodiscard]] std::string issuing(const Unit& unit, std::string authorisation = {}) {
    const auto order = unit.order(std::move(authorisation));
    const auto outcomes = station_->issue(std::span(&order, 1));
    if (!outcomes) return std::string(outcomes.error().code);
    return (*outcomes)[0] ? "ok" : std::string((*outcomes)[0].error().code);
  }
  [[nodiscard]] std::int64_t used(const std::string& id) const {
    return station_->state().authorisations().at(id).used;
  }

  std::string where_;  // of the counter; empty: counter_file()
  TempDir dir_;
  ManualClock clock_{kNow};
  Manufacturer maker_;
  Bytes request_, ca_;
  std::unique_ptr<Station> station_;
};

}  // namespace hf::factory::fixture
