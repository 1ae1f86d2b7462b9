// Bundles of real entries and events: accepted whole, refused with a reason when any byte of them differs.
#include "ledger/bundle.h"

#include <set>

#include "ledger/http.h"
#include "ledger/listing.h"
#include "ledger/segment.h"
#include "ledger/tile.h"
#include "support/memory_key_store.h"
#include "support/test_database.h"

namespace hf::ledger {
namespace {

class LedgerBundle : public test::DatabaseTest {
 protected:
  LedgerBundle() : log_(*database_, clock_, keys_, "example.eu/holdfast", "ledger") {}

  EntryId add(const std::string& subject) {
    const auto entry = write(*database_, clock_, {"user:test", "tester"}, [&](Transaction& t) {
      return t.append("thing.added", {subject}, {{"name", "ünïcode \"x\" \x01"}});
    });
    EXPECT_TRUE(entry) << entry.error().detail;
    return *entry;
  }
  EntryId add_segment(std::int64_t id, int events) {
    const auto entry = write(*database_, clock_, {"system", "import"}, [&](Transaction& t) -> Result<EntryId> {
      SegmentBuilder segment;
      for (int i = 0; i < events; ++i) segment.add(R"({"serial":"A)" + std::to_string(i) + R"("})");
      HF_TRY(const auto made, t.append("fleet.imported", {}));
      HF_CHECK(segment.write(t, made, id));
      return made;
    });
    EXPECT_TRUE(entry) << entry.error().detail;
    return *entry;
  }
  JsonObject bundle(EntryId entry, std::optional<std::uint64_t> event = std::nullopt) {
    auto made = evidence_bundle(log_, entry, event);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }
  std::optional<VerifierKey> key() { return log_.verifier_key().value(); }

  ManualClock clock_{parse_rfc3339("2026-11-23T08:00:00Z").value()};
  test::MemoryKeyStore keys_;
  Log log_;
};
HF_BOTH_ENGINES(LedgerBundle);

TEST_P(LedgerBundle, AnEntryIsVerifiedOffline) {
  std::vector<EntryId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(add("thing:" + std::to_string(i)));
  EXPECT_EQ(evidence_bundle(log_, ids[0]).error().code, "HF-LEDGER-0009");
  ASSERT_TRUE(log_.advance());
  const auto made = bundle(ids[3]);
  const auto verified = verify_bundle(made, key());
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_TRUE(verified->pinned);
  EXPECT_EQ(verified->index, 3U);
  EXPECT_EQ(verified->checkpoint.size, 5U);
  EXPECT_EQ(verified->entry.at("subjects").as_array().at(0), "thing:3");
  EXPECT_FALSE(verify_bundle(made, std::nullopt)->pinned);
  EXPECT_TRUE(verify_bundle_text(to_text(made), key())) << "as HTTP clients write it again";
  EXPECT_EQ(evidence_bundle(log_, EntryId{999'999}).error().code, "HF-LEDGER-0010");
  EXPECT_EQ(evidence_bundle(log_, ids[3], 0).error().code, "HF-LEDGER-0013");
}

TEST_P(LedgerBundle, AnotherLogsKeyIsRefused) {
  const auto id = add("thing:1");
  ASSERT_TRUE(log_.advance());
  Log other(*database_, clock_, keys_, "example.eu/other", "ledger");
  const auto refused = verify_bundle(bundle(id), other.verifier_key().value());
  EXPECT_EQ(refused.error().code, "HF-BUNDLE-0002");
  auto swapped = bundle(id);
  swapped["key"] = other.verifier_key()->to_text();
  EXPECT_EQ(verify_bundle(swapped, std::nullopt).error().code, "HF-NOTE-0005");
}

TEST_P(LedgerBundle, AnEventIsProvenThroughItsSegmentsRoot) {
  for (int events : {1, 2, 3, 300}) {
    const auto entry = add_segment(1000 + events, events);
    ASSERT_TRUE(log_.advance());
    for (const int position : {0, events / 2, events - 1}) {
      const auto made = bundle(entry, position);
      const auto verified = verify_bundle_text(bundle_text(made), key());
      ASSERT_TRUE(verified) << verified.error().message;
      EXPECT_EQ(verified->event->event.at("serial"), Json("A" + std::to_string(position)));
      EXPECT_EQ(verified->event->events, std::uint64_t(events));
      auto moved = made;
      moved["event"].as_object()["position"] = (position + 1) % (events + 1);
      EXPECT_EQ(verify_bundle(moved, key()).error().code, "HF-BUNDLE-0003") << events << " " << position;
    }
    EXPECT_EQ(evidence_bundle(log_, entry, events).error().code, "HF-LEDGER-0013");
  }
}

TEST_P(LedgerBundle, NoByteCanDifferUnseen) {
  add("thing:0");
  const auto entry = add_segment(77, 5);
  add("thing:2");
  ASSERT_TRUE(log_.advance());
  auto text = bundle_text(bundle(entry, 3));
  ASSERT_TRUE(verify_bundle_text(text, key()));
  std::set<std::string> reasons;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    for (int bit = 0; bit < 8; ++bit) {
      text[i] = char(byte ^ (1 << bit));
      // Even without a pinned key: then the bundle must contradict itself.
      const auto verified = verify_bundle_text(text, std::nullopt);
      ASSERT_FALSE(verified) << "byte " << i << ", bit " << bit << ": " << text.substr(i > 20 ? i - 20 : 0, 40);
      ASSERT_FALSE(verified.error().message.empty());
      reasons.insert(std::string(verified.error().code));
    }
    text[i] = byte;
  }
  for (const auto* code : {"HF-BUNDLE-0001", "HF-BUNDLE-0003", "HF-NOTE-0005", "HF-LEDGER-0003"})
    EXPECT_TRUE(reasons.contains(code)) << code << " was never the reason";
  for (std::size_t size = 0; size < text.size(); size += 7)
    EXPECT_FALSE(verify_bundle_text(std::string_view(text).substr(0, size), key()));
  EXPECT_FALSE(verify_bundle_text(" " + text, key()));
  EXPECT_FALSE(verify_bundle_text(text + "\n", key()));
}

TEST_P(LedgerBundle, FollowingShowsEachEntryOnceInTheOrderOfTheLog) {
  for (int i = 0; i < 3; ++i) add(i % 2 ? "thing:odd" : "thing:even");
  ASSERT_TRUE(log_.advance());
  for (const std::string subject : {"", "thing:even"}) {
    std::vector<std::uint64_t> seen;
    int rounds = 0;
    ASSERT_TRUE(follow_entries(
        *database_, subject, 2,
        [&](const Listing& listing) {
          for (const auto& entry : listing.entries) seen.push_back(*entry.index);
          return true;
        },
        [&] {
          add("thing:even");
          add("thing:odd");
          EXPECT_TRUE(log_.integrate());
          return ++rounds < 4;
        }));
    ASSERT_GT(seen.size(), 4U);
    for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_EQ(seen[i], seen[i - 1] + (subject.empty() ? 1 : 2));
  }
  const auto page = list_entries(*database_, "thing:odd", std::numeric_limits<std::int64_t>::max(), 1).value();
  ASSERT_EQ(page.entries.size(), 1U);
  EXPECT_EQ(entry_json(page.entries[0], page.published).at("state"), "integrated");
}

TEST_P(LedgerBundle, TheTreeCanBeRebuiltFromTheTilesOverHttp) {
  constexpr std::uint64_t kEntries = 300;
  EntryId last{};
  for (std::uint64_t i = 0; i < kEntries; ++i) last = add("thing:" + std::to_string(i));
  auto routes = tile_routes(log_);
  for (auto& route : entry_routes(log_)) routes.push_back(route);
  const net::Router router(routes);
  const auto get = [&](const std::string& target) -> Result<net::Response> {
    const auto parsed = net::parse_target(target).value();
    const auto match = router.match(net::Method::get, parsed);
    if (!match.route) return fail(ErrorKind::not_found, "no route", target);
    net::Request request;
    request.path_parameters = match.parameters;
    request.query_parameters = parsed.query;
    return match.route->handler(request);
  };
  const auto body = [&](const std::string& target) {
    const auto response = get(target);
    EXPECT_TRUE(response) << target << ": " << response.error().message;
    return response ? std::get<std::string>(response->content) : std::string();
  };

  EXPECT_EQ(get("/ledger/checkpoint").error().code, "HF-LEDGER-0015");
  ASSERT_TRUE(log_.advance());
  const auto trusted = key();
  const auto head = open_checkpoint(body("/ledger/checkpoint"), {&*trusted, 1}).value();
  ASSERT_EQ(head.size, kEntries);

  std::vector<Hash> leaves, from_entries;
  for (const std::string path : {"000", "001.p/44"}) {
    const auto tile = body("/ledger/tile/0/" + path);
    for (std::size_t i = 0; i < tile.size(); i += 32) leaves.push_back(hash_of(bytes_of(tile).subspan(i, 32)));
    const auto bundle = body("/ledger/tile/entries/" + path);
    for (std::size_t i = 0; i + 2 <= bundle.size();) {
      const std::size_t size = std::size_t(std::uint8_t(bundle[i])) << 8 | std::uint8_t(bundle[i + 1]);
      from_entries.push_back(leaf_hash(bytes_of(std::string_view(bundle).substr(i + 2, size))));
      i += 2 + size;
    }
  }
  EXPECT_TRUE(tree_root(leaves) == head.root);
  EXPECT_TRUE(from_entries == leaves);
  EXPECT_EQ(body("/ledger/tile/1/000.p/1"), text_of(tree_root(std::span(leaves).first(256))));
  EXPECT_EQ(body("/ledger/tile/0/000.p/3"), body("/ledger/tile/0/000").substr(0, 96));
  for (const auto* none : {"/ledger/tile/0/001", "/ledger/tile/0/001.p/45", "/ledger/tile/0/002.p/1",
                           "/ledger/tile/1/000", "/ledger/tile/2/000.p/1"})
    EXPECT_EQ(get(none).error().code, "HF-TILE-0002") << none;
  for (const auto* bad : {"/ledger/tile/0/1", "/ledger/tile/00/000", "/ledger/tile/entries/000.p/0"})
    EXPECT_EQ(get(bad).error().code, "HF-TILE-0001") << bad;

  const auto id = std::to_string(last.value);
  EXPECT_TRUE(verify_bundle_text(body("/v1/ledger/entries/" + id + "/proof"), key()));
  EXPECT_EQ(get("/v1/ledger/entries/" + id + "/proof?event=0").error().code, "HF-LEDGER-0013");
  EXPECT_EQ(get("/v1/ledger/entries/" + id + "/proof?event=x").error().code, "HF-LEDGER-0016");
  EXPECT_EQ(parse_json(body("/v1/ledger/entries/" + id))->at("index").to_number<std::uint64_t>(), kEntries - 1);
  EXPECT_EQ(get("/v1/ledger/entries/x").error().code, "HF-LEDGER-0010");
  EXPECT_EQ(get("/v1/ledger/entries?limit=1001").error().code, "HF-LEDGER-0016");
  std::size_t seen = 0;
  for (std::string next = std::to_string(last.value + 1); !next.empty();) {
    const auto page = parse_json(body("/v1/ledger/entries?limit=70&before=" + next)).value();
    seen += page.at("items").as_array().size();
    next = page.at("next").is_string() ? std::string(std::string_view(page.at("next").get_string())) : "";
  }
  EXPECT_EQ(seen, kEntries);
  EXPECT_EQ(parse_json(body("/v1/ledger/entries?subject=thing:7"))->at("items").as_array().size(), 1U);
}

}  // namespace
}  // namespace hf::ledger
