// A register with a product, a batch and a key that signs orders, on either engine; and a station on paper, which
// writes whatever lines a test wants and signs them.
#pragma once

#include "catalog/service.h"
#include "factory/factory_test.h"
#include "factory/import.h"
#include "factory/service.h"
#include "keys/register_test.h"
#include "support/test_database.h"

namespace hf::factory::fixture {

class PaperStation {
 public:
  explicit PaperStation(const pki::fixture::Authority& root)
      : ca_(std::make_shared<pki::fixture::Authority>(pki::fixture::subordinate(root))) {}

  [[nodiscard]] std::string name() const { return to_hex(crypto::fingerprint_of(identity_.key())); }
  [[nodiscard]] const Bytes& ca() const { return ca_->certificate.der; }

  void begin(std::int64_t epoch = 0) {
    lines_.clear(), head_ = {}, epoch_ = epoch;
    add({{"what", "station"},
         {"factory", "sz-1"},
         {"station", name()},
         {"manufacturer", JsonArray{}},
         {"epoch", epoch}});
    add({{"what", "ca"}, {"certificate", to_base64(ca())}});
  }
  std::int64_t add(JsonObject record) {
    record["n"] = head_.lines + 1;
    record["prev"] = to_hex(head_.hash);
    if (!record.contains("at")) record["at"] = format_rfc3339(at);
    if (!record.contains("counter")) record["counter"] = head_.lines + 1;
    lines_.push_back(canonical_json(record).value());
    head_ = {head_.lines + 1, crypto::sha256({bytes_of(lines_.back())})};
    return head_.lines;
  }
  void order(const std::string& envelope) { add({{"what", "order"}, {"order", envelope}}); }

  // Reserved at the line that is returned; its certificate is made, to be issued.
  std::int64_t reserve(const std::string& authorisation, std::int64_t use, const Unit& unit) {
    const auto form = pki::fixture::template_of(*ca_, "idevid");
    const auto request = x509::request_of(unit.request).value();
    const auto tbs = form.certificate(request, {.serial = pki::random_serial(), .from = at, .until = {}}).value();
    certificate_ = pki::fixture::sign(ca_->key, tbs);
    return add({{"what", "reserve"},
                {"authorisation", authorisation},
                {"use", use},
                {"device", unit.serial},
                {"key", to_hex(crypto::sha256({request.spki}))},
                {"serial", "00"},
                {"tbs", to_hex(crypto::sha256({tbs}))}});
  }
  void issue(std::int64_t of, bool active = true) {
    add({{"what", "issue"}, {"of", of}, {"certificate", to_base64(certificate_)}, {"active", active}});
  }
  void make(const std::string& authorisation, std::int64_t use, const Unit& unit) {
    issue(reserve(authorisation, use, unit));
  }
  void close(const std::string& authorisation, std::int64_t used, std::int64_t returned) {
    add({{"what", "close"}, {"authorisation", authorisation}, {"used", used}, {"returned", returned}});
  }

  [[nodiscard]] std::string bundle() const {
    const BundleHeader header{"sz-1", identity_.key(), epoch_, head_.lines, head_, at};
    auto text = envelope_of(identity_, kBundleType, canonical(header));
    for (const auto& line : lines_) text += line + "\n";
    return text;
  }
  [[nodiscard]] Bytes& certificate() { return certificate_; }

  Time at = kNow;

 private:
  TestKey identity_{KeyAlgorithm::ecdsa_p256};
  std::shared_ptr<const pki::fixture::Authority> ca_;  // copies are the same station
  std::vector<std::string> lines_;
  keys::JournalHead head_;
  std::int64_t epoch_ = 0;
  Bytes certificate_;
};

class RegisterTest : public hf::test::DatabaseTest {
 protected:
  RegisterTest() {
    add("manufacturer", R"({"code":"acme","name":"ACME","country":"DE"})");
    add("product", R"({"code":"px-100","manufacturer":"acme","name":"PX","product_class":"default"})");
    add("module", R"({"product":"px-100","code":"fw","name":"F","kind":"firmware"})");
    add("hardware_revision", R"({"product":"px-100","code":"a","name":"A"})");
    add("build", R"({"module":"px-100/fw","version":"1.2.3","artifacts":[{"name":"app.bin","sha256":")" +
                     std::string(64, 'f') + R"(","size":1}]})");
    add("release",
        R"({"product":"px-100","version":"r1","kind":"security","security_version":1,"builds":[{"build":"px-100/fw/1.2.3"}]})");
    add("batch",
        R"({"product":"px-100","code":"b1","hardware_revision":"px-100/a","release":"px-100/r1","name":"B","factory":"sz-1","authorised_quantity":100})");
    auto charter = keys::test::Cast().charter();
    charter.key = "factory";
    charter.policy.formats = {"factory-authorisation"};
    keys::test::put_key(*database_, clock_, charter, maker_.key);
    station_.begin();
  }
  void add(std::string_view entity, const std::string& json) {
    const auto record = parse_json(json).value();
    const auto done = ledger::write(*database_, clock_, {"user:test", "engineer"}, [&](ledger::Transaction& t) {
      return catalog::create(t, *catalog::find_entity(entity), record.get_object());
    });
    if (!done) throw std::runtime_error(done.error().message);
  }
  [[nodiscard]] Wish wish(std::int64_t count = 5) const {
    return {.batch = "px-100/b1",
            .stations = {{station_.name(), count, 0}},
            .profile = "idevid",
            .ca = station_.ca(),
            .serials = {.prefix = "GW-", .range = keys::Serials::Range{4, 1, 1000}},
            .activation = {},
            .flash = false};
  }
  [[nodiscard]] Service service() { return Service(*database_, clock_); }
  // Proposed, signed and registered, and known to the station.
  FactoryAuthorisation authorised(const Wish& wanted) {
    const auto made = service().propose(wanted);
    if (!made) throw std::runtime_error(made.error().message);
    const auto envelope = maker_.sign(*made);
    const auto done = service().register_order(bytes_of(envelope), actor_);
    if (!done) throw std::runtime_error(done.error().message);
    station_.order(envelope);
    return *made;
  }
  FactoryAuthorisation authorised(std::int64_t count = 5) { return authorised(wish(count)); }

  Result<Imported> import(const std::string& bundle) {
    std::istringstream in(bundle);
    return import_bundle(*database_, clock_, actor_, in);
  }
  // The kinds of alarms that it raises, sorted, with commas.
  [[nodiscard]] std::string alarms_of(const std::string& bundle) {
    const auto done = import(bundle);
    if (!done) return std::string(done.error().code);
    std::vector<std::string> kinds;
    for (const auto& alarm : done->alarms) kinds.push_back(alarm.kind);
    std::ranges::sort(kinds);
    std::string text;
    for (const auto& kind : kinds) text += (text.empty() ? "" : ",") + kind;
    return text;
  }
  [[nodiscard]] std::string states(const std::string& id) {
    std::string text;
    const auto counts = database_->read([&](const db::Reader& reader) { return Store(reader).counts(id); }).value();
    for (const auto& one : counts) text += one.state + " " + std::to_string(one.identities) + ";";
    return text;
  }

  ManualClock clock_{kNow};
  ledger::Actor actor_{"user:test", "factory"};
  Manufacturer maker_;
  PaperStation station_{maker_.root};
};

}  // namespace hf::factory::fixture
