// Orders to factories: what people see of them, what is refused, and the envelope that a station will read.
#include "keys/formats/dsse_envelope.h"
#include "keys/formats/factory_order.h"
#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"

namespace hf::keys {
namespace {
using namespace fixture;

FactoryAuthorisation authorisation() {
  return {.id = std::string(32, 'a'),
          .product = "px-100",
          .batch = "px-100/b1",
          .release = "px-100/1.2.3",
          .factory = "sz-1",
          .stations = {{std::string(64, 'b'), 3000, 0}, {std::string(64, 'c'), 2000, 7}},
          .count = 5000,
          .profile = "idevid",
          .profile_sha256 = std::string(64, 'd'),
          .ca_sha256 = std::string(64, 'e'),
          .crls = {"http://crl.example.com/1.crl"},
          .serials = {.prefix = "GW200-", .range = Serials::Range{6, 1, 5000}},
          .not_before = kSigningTime,
          .not_after = kSigningTime + std::chrono::hours(24 * 30),
          .issued_at = kSigningTime,
          .sequence = 7,
          .policy = 2,
          .activation = {{std::string(64, 'f')}, {"SECURE_BOOT=1", "JTAG_DIS=1"}, true}};
}
FactoryHold hold() {
  return {.sequence = 3,
          .product = "px-100",
          .release = "px-100/1.2.3",
          .reason = "CVE-2026-0001",
          .issued_at = kSigningTime};
}

std::string code_of(const std::string& text) {
  const auto order = factory_order_of(bytes_of(text));
  return order ? "none" : std::string(order.error().code);
}

TEST(FactoryOrder, ReadsBackWhatWasWritten) {
  for (const FactoryOrder& order : {FactoryOrder(authorisation()), FactoryOrder(hold())}) {
    const auto read = factory_order_of(bytes_of(canonical(order)));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, order);
  }
  auto pattern = authorisation();
  pattern.serials = {.prefix = "X", .pattern = Serials::Pattern{"0-9A-F", 8}};
  pattern.release.reset();
  EXPECT_EQ(factory_order_of(bytes_of(canonical(FactoryOrder(pattern)))).value(), FactoryOrder(pattern));
}

TEST(FactoryOrder, IsClosedAndItsValuesAreHeldAgainstEachOther) {
  const auto with = [](auto change) {
    auto order = authorisation();
    change(order);
    return code_of(canonical(FactoryOrder(order)));
  };
  EXPECT_EQ(with([](auto&) {}), "none");
  EXPECT_EQ(with([](auto& o) { o.count = 4999; }), "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) { o.stations[1].key = o.stations[0].key; }), "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) { o.stations.clear(); }), "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) { o.id = std::string(32, 'A'); }), "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) { o.not_after = o.not_before; }), "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) { o.sequence = 0; }), "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) { o.serials.range->last = 1'000'000; }), "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) { o.serials.range->first = 5001; }), "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) { o.serials.prefix = "a b"; }), "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) {
              o.serials = {.prefix = "X", .pattern = Serials::Pattern{"9-0", 3}};
            }),
            "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) {
              o.serials = {.prefix = "X", .pattern = Serials::Pattern{"0-z", 3}};
            }),
            "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) { o.activation.fuses = {"A=1", "A=2"}; }), "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) { o.activation = {{}, {}, true}; }), "HF-FACTORY-0001");
  EXPECT_EQ(with([](auto& o) { o.factory = "sz-1\xe2\x80\xae"; }), "HF-FACTORY-0001")
      << "text that turns its direction";

  const auto text = canonical(FactoryOrder(authorisation()));
  EXPECT_EQ(code_of(text + " "), "HF-FACTORY-0001") << "one text a value";
  EXPECT_EQ(code_of("{\"a\":1," + text.substr(1)), "HF-FACTORY-0001") << "closed";
  EXPECT_EQ(code_of("{\"batch\":\"x\"," + text.substr(1)), "HF-JSON-0001") << "a member twice";
  EXPECT_EQ(code_of("{}"), "HF-FACTORY-0001");
  EXPECT_EQ(code_of("[]"), "HF-FACTORY-0001");
  auto resumption = hold();
  resumption.ends = 3;
  EXPECT_EQ(code_of(canonical(FactoryOrder(resumption))), "HF-FACTORY-0001") << "no hold ends itself";
}

TEST(FactoryOrder, SerialsAreAdmittedByNumberOrByCharacters) {
  const Serials range{.prefix = "GW-", .range = Serials::Range{4, 10, 20}};
  for (const auto* good : {"GW-0010", "GW-0020"}) EXPECT_TRUE(range.admits(good)) << good;
  for (const auto* bad : {"GW-0009", "GW-0021", "GW-10", "GW-00010", "GW-+010", "gw-0010", "GW-", "", "GW-001 "})
    EXPECT_FALSE(range.admits(bad)) << bad;
  const Serials pattern{.prefix = "S", .pattern = Serials::Pattern{"0-9A-F_", 3}};
  for (const auto* good : {"S012", "SA_F"}) EXPECT_TRUE(pattern.admits(good)) << good;
  for (const auto* bad : {"S01", "S0123", "Sabc", "S0-9", "012"}) EXPECT_FALSE(pattern.admits(bad)) << bad;
}

class FactoryFormat : public testing::TestWithParam<FactoryOrder> {};

TEST_P(FactoryFormat, IsSignedShownWholeAndCovered) {
  const TempDir dir;
  const TestKey key(KeyAlgorithm::ecdsa_p256), other(KeyAlgorithm::ecdsa_p256);
  const auto& format = *find_format("factory-authorisation");
  const auto file = dir.path() / "order.json", out = dir.path() / "order.dsse.json";
  write_file(file, canonical(GetParam()));
  const auto context = context_of(key, SignatureScheme::ecdsa_p256_sha256);
  const auto done = sign(format, file, key, context, out);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(*recognize_format(file), &format);
  EXPECT_EQ(*recognize_format(out), &format);
  const Trust trust{.keys = {key.key()}, .certificates = {}};
  const auto view = format.verify({out, {}}, trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->kind, std::holds_alternative<FactoryHold>(GetParam()) ? "factory_hold" : "factory_authorisation");
  EXPECT_EQ(view->compatible, std::vector<std::string>{"px-100"});
  EXPECT_EQ(format.verify({out, {}}, {.keys = {other.key()}, .certificates = {}}).error().code, "HF-FORMAT-0001");
  const auto text = std::string(text_of(read_file(out)));
  const auto hint = text.find("\"keyid\":");
  for (const auto at : uncovered(format, {out, {}}, trust, out, 3)) {
    const bool in_hint = at > hint && at < hint + 8 + 2 + 64;
    EXPECT_TRUE(in_hint || at == text.size() - 1) << at;
  }
  expect_evidence_is_judged(format, *format.evidence(file, {}), context);
  // An in-toto envelope of the same bytes is another thing: the type is under the signature.
  EXPECT_FALSE(read_envelope(bytes_of(text), "application/vnd.in-toto+json"));
}
INSTANTIATE_TEST_SUITE_P(Orders, FactoryFormat, testing::Values(FactoryOrder(authorisation()), FactoryOrder(hold())));

// Whoever approves sees every member: a change of any of them changes what is shown.
TEST(FactoryFormat, Abuse08EveryMemberIsShown) {
  const auto facts = facts_of(FactoryOrder(authorisation()));
  const std::vector<std::function<void(FactoryAuthorisation&)>> changes{
      [](auto& o) { o.id[0] = 'b'; },
      [](auto& o) { o.product = "px-200"; },
      [](auto& o) { o.batch = "px-100/b2"; },
      [](auto& o) { o.release.reset(); },
      [](auto& o) { o.factory = "sz-2"; },
      [](auto& o) { ++o.stations[0].count; },
      [](auto& o) { ++o.stations[1].epoch; },
      [](auto& o) { ++o.count; },
      [](auto& o) { o.profile = "ldevid"; },
      [](auto& o) { o.profile_sha256[0] = '0'; },
      [](auto& o) { o.ca_sha256[0] = '0'; },
      [](auto& o) { o.crls.clear(); },
      [](auto& o) { o.ocsp = {"http://ocsp.example.com"}; },
      [](auto& o) { ++o.serials.range->last; },
      [](auto& o) { o.not_before += std::chrono::seconds(1); },
      [](auto& o) { o.not_after += std::chrono::seconds(1); },
      [](auto& o) { o.issued_at += std::chrono::seconds(1); },
      [](auto& o) { ++o.sequence; },
      [](auto& o) { ++o.policy; },
      [](auto& o) { o.activation.flash_sha256.clear(); },
      [](auto& o) { o.activation.fuses.pop_back(); },
      [](auto& o) { o.activation.attested = false; }};
  EXPECT_EQ(changes.size(), 22U) << "one for each member of the document";
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto other = authorisation();
    changes[i](other);
    EXPECT_NE(facts_of(FactoryOrder(other)), facts) << i;
  }
}

}  // namespace
}  // namespace hf::keys
