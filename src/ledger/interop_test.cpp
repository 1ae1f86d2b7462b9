// Our notes, checkpoints and proofs before golang.org/x/mod/sumdb (tests/interop/ledger_verify), signed by SoftHSM.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <cstdlib>
#include <fstream>

#include "crypto/token_setup.h"
#include "db/migrate.h"
#include "ledger/bundle.h"
#include "ledger/segment.h"
#include "ledger/tile_path.h"
#include "ledger/tlog_proof.h"
#include "support/memory_key_store.h"
#include "support/temp_dir.h"
#include "support/test_database.h"

namespace hf::ledger {
namespace {

constexpr const char* kOrigin = "ledger.example/holdfast";

std::string base64(std::string_view text) { return text.empty() ? "-" : to_base64(bytes_of(text)); }

std::string list_of(std::span<const Hash> hashes) {
  std::string text;
  for (const auto& hash : hashes) text += (text.empty() ? "" : ",") + to_base64(hash);
  return text.empty() ? "-" : text;
}

// The last digit of the signature's base64 has two bits that mean nothing. We take one spelling alone, Go takes all
// four.
bool in_spare_bits(const std::string& note, std::size_t at) {
  return note.compare(at + 1, 2, "=\n") == 0 && at + 3 == note.size();
}

std::string entry_of(std::size_t index) { return fmt::format("entry {}", index); }

class Interop : public testing::Test {
 protected:
  void SetUp() override {
#ifndef HF_LEDGER_VERIFY
    GTEST_SKIP() << "no Go with golang.org/x/mod: install golang-go and golang-golang-x-mod-dev";
#endif
  }

  // Signed by a key in a real token where there is one.
  void open_token() {
    const std::vector<crypto::KeySpec> keys{{std::string(crypto::kLedgerKey), crypto::KeyAlgorithm::ed25519}};
    const auto config = crypto::set_up_soft_token(dir_.path(), keys);
    ASSERT_TRUE(config) << config.error().message;
    auto store = crypto::open_key_store(*config, keys);
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
    log_ = *VerifierKey::of(kOrigin, *store_->public_key(crypto::kLedgerKey));
  }
  std::string checkpoint(std::span<const Hash> leaves) {
    return *sign_checkpoint({kOrigin, leaves.size(), tree_root(leaves)}, *store_, crypto::kLedgerKey);
  }

  void ask(const std::string& line, std::string expected) {
    cases_ += line + "\n";
    expected_.push_back({line, std::move(expected)});
  }
  // The verifier's answers, in the order asked.
  std::vector<std::string> answers() {
    std::vector<std::string> lines;
#ifdef HF_LEDGER_VERIFY
    const auto in = dir_.path() / "cases", out = dir_.path() / "answers";
    std::ofstream(in) << cases_;
    const auto command = fmt::format("'{}' < '{}' > '{}'", HF_LEDGER_VERIFY, in.string(), out.string());
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::ifstream file(out);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
#endif
    return lines;
  }
  void expect_answers() {
    const auto lines = answers();
    ASSERT_EQ(lines.size(), expected_.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (expected_[i].second == "refused")
        EXPECT_TRUE(lines[i].starts_with("refused: ") && lines[i] != "refused: malformed case") << expected_[i].first;
      else EXPECT_EQ(lines[i], expected_[i].second) << expected_[i].first;
    }
  }

  test::TempDir dir_;
  std::unique_ptr<crypto::KeyStore> store_;
  VerifierKey log_;
  std::string cases_;
  std::vector<std::pair<std::string, std::string>> expected_;
};

TEST_F(Interop, ACheckpointSignedByTheTokenOpensAndNoFlippedBitDoes) {
  if (crypto::find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
  open_token();
  const std::vector<Hash> leaves{leaf_hash(bytes_of("a")), leaf_hash(bytes_of("b"))};
  auto note = checkpoint(leaves);
  ask(fmt::format("note {} {}", log_.to_text(), base64(note)), "ok " + base64(parse_note(note)->text));
  for (std::size_t bit = 0; bit < 8 * note.size(); ++bit) {
    note[bit / 8] = char(note[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(open_note(note, {&log_, 1})) << "bit " << bit;
    if (!in_spare_bits(note, bit / 8)) ask(fmt::format("note {} {}", log_.to_text(), base64(note)), "refused");
    note[bit / 8] = char(note[bit / 8] ^ (1 << bit % 8));
  }
  expect_answers();
}

TEST_F(Interop, EveryProofOfEverySmallTreeIsAcceptedAndNoChangedOne) {
  std::vector<Hash> leaves;
  for (std::size_t size = 1; size <= 24; ++size) {
    leaves.push_back(leaf_hash(bytes_of(entry_of(size - 1))));
    const auto root = to_base64(tree_root(leaves));
    for (std::size_t index = 0; index < size; ++index) {
      auto proof = *inclusion_proof(leaves, index);
      const auto line = [&](const std::string& entry) {
        return fmt::format("record {} {} {} {} {}", size, root, index, base64(entry), list_of(proof));
      };
      ask(line(entry_of(index)), "ok");
      ask(line(entry_of(index) + "x"), "refused");
      if (!proof.empty()) {
        proof[index % proof.size()][index] ^= 1;
        ask(line(entry_of(index)), "refused");
      }
    }
    for (std::size_t old_size = 1; old_size <= size; ++old_size) {
      auto proof = *consistency_proof(leaves, old_size);
      auto old_root = tree_root(std::span(leaves).first(old_size));
      const auto line = [&] {
        return fmt::format("tree {} {} {} {} {}", size, root, old_size, to_base64(old_root), list_of(proof));
      };
      ask(line(), "ok");
      old_root[3] ^= 1;
      ask(line(), "refused");
      old_root[3] ^= 1;
      if (!proof.empty()) {
        proof[old_size % proof.size()][old_size] ^= 1;
        ask(line(), "refused");
      }
    }
  }
  expect_answers();
}

TEST_F(Interop, ATlogProofIsVerifiedFromItsTextAndNoFlippedBitIs) {
  if (crypto::find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
  open_token();
  std::vector<Hash> leaves;
  for (std::size_t i = 0; i < 300; ++i) leaves.push_back(leaf_hash(bytes_of(entry_of(i))));
  const auto note = checkpoint(leaves);
  for (const std::size_t index : {0, 255, 256, 299}) {
    for (const auto& extra : {Bytes{}, Bytes{1, 2, 3}}) {
      const auto text = *format_tlog_proof({extra, index, *inclusion_proof(leaves, index), note});
      ask(fmt::format("proof {} {} {}", log_.to_text(), base64(entry_of(index)), base64(text)), "ok");
      ask(fmt::format("proof {} {} {}", log_.to_text(), base64(entry_of(index + 1)), base64(text)), "refused");
    }
  }
  auto text = *format_tlog_proof({{}, 256, *inclusion_proof(leaves, 256), note});
  for (std::size_t bit = 0; bit < 8 * text.size(); bit += 5) {
    text[bit / 8] = char(text[bit / 8] ^ (1 << bit % 8));
    const auto read = parse_tlog_proof(text);
    EXPECT_FALSE(read && verify_tlog_proof(*read, leaves[256], {&log_, 1})) << "bit " << bit;
    if (!in_spare_bits(text, bit / 8))
      ask(fmt::format("proof {} {} {}", log_.to_text(), base64(entry_of(256)), base64(text)), "refused");
    text[bit / 8] = char(text[bit / 8] ^ (1 << bit % 8));
  }
  expect_answers();
}

TEST_F(Interop, ABundleIsVerifiedWithItsEventAndNoFlippedBitOfItsProofIs) {
  const test::TestLocation where(db::Engine::sqlite);
  auto database = *db::Database::open_unchecked(where.location());
  ASSERT_TRUE(db::migrate(*database, Time{}));
  const ManualClock clock(*parse_rfc3339("2026-11-23T08:00:00Z"));
  test::MemoryKeyStore keys;
  Log log(*database, clock, keys, kOrigin, "ledger");
  EntryId imported{};
  for (int i = 0; i < 3; ++i)
    imported = *write(*database, clock, {"user:go", "tester"}, [&](Transaction& t) -> Result<EntryId> {
      SegmentBuilder events;
      for (int n = 0; n < 11; ++n) events.add(fmt::format(R"({{"serial":"A{}"}})", n));
      HF_TRY(const auto entry, t.append("fleet.imported", {"batch:ä"}));
      HF_CHECK(events.write(t, entry, 100 + i));
      return entry;
    });
  ASSERT_TRUE(log.advance());
  const auto key = log.verifier_key()->to_text();
  for (const std::optional<std::uint64_t> event : {std::optional<std::uint64_t>(), {0}, {10}}) {
    auto bundle = *evidence_bundle(log, imported, event);
    ask(fmt::format("bundle {} {}", key, base64(bundle_text(bundle))), "ok");
    bundle["entry"] = std::string(bundle["entry"].as_string()) + " ";
    ask(fmt::format("bundle {} {}", key, base64(bundle_text(bundle))), "refused");
  }
  const auto bundle = *evidence_bundle(log, imported, 7);
  const std::string proof(bundle.at("proof").as_string());
  for (std::size_t bit = 0; bit < 8 * proof.size(); bit += 13) {
    auto flipped = proof;
    flipped[bit / 8] = char(flipped[bit / 8] ^ (1 << bit % 8));
    if (in_spare_bits(flipped, bit / 8) || !is_utf8(flipped)) continue;
    auto bad = bundle;
    bad["proof"] = flipped;
    ask(fmt::format("bundle {} {}", key, base64(bundle_text(bad))), "refused");
    EXPECT_FALSE(verify_bundle(bad, log.verifier_key().value())) << "bit " << bit;
  }
  expect_answers();
}

TEST_F(Interop, NotesThatGoSignsOpenHere) {
  for (const std::string text : {"a\n", "two\n\nparts\n", "\n", "\xc3\xa4\xe2\x80\x94 \n"})
    ask("sign go.example/key " + base64(text), text);
  const auto lines = answers();
  ASSERT_EQ(lines.size(), expected_.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto fields = split(lines[i], ' ');
    ASSERT_EQ(fields.size(), 3U) << lines[i];
    const auto key = VerifierKey::parse(fields[1]);
    ASSERT_TRUE(key);
    const auto note = *from_base64(fields[2]);
    const auto opened = open_note(text_of(note), {&*key, 1});
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->text, expected_[i].second);
  }
}

TEST_F(Interop, TilePathsAreTheSame) {
  for (const std::uint64_t index : {0ULL, 7ULL, 999ULL, 1000ULL, 1234067ULL, 999999999ULL, 123456789012ULL})
    for (const std::uint32_t level : {0U, 1U, 7U})
      for (const std::uint32_t width : {1U, 255U, 256U})
        ask(fmt::format("tile {} {} {}", level, index, width), "ok " + format_tile_path({level, index, width}));
  expect_answers();
}

}  // namespace
}  // namespace hf::ledger
