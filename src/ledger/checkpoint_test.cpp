#include "ledger/checkpoint.h"

#include <gtest/gtest.h>

#include "ledger/tlog_proof.h"
#include "support/memory_key_store.h"

namespace hf::ledger {
namespace {

constexpr const char* kOrigin = "example.com/behind-the-sofa";

// The body of the example in C2SP tlog-checkpoint.
constexpr std::string_view kBody =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

TEST(Checkpoint, TheExampleOfTheSpecificationReadsBack) {
  const auto checkpoint = parse_checkpoint(kBody);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->origin, kOrigin);
  EXPECT_EQ(checkpoint->size, 20852163U);
  EXPECT_EQ(*format_checkpoint(*checkpoint), kBody);
}

TEST(Checkpoint, ExtensionLinesAreKeptInOrder) {
  const auto checkpoint = parse_checkpoint(std::string(kBody) + "b\na\n");
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->extensions, (std::vector<std::string>{"b", "a"}));
}

TEST(Checkpoint, MalformedTextIsRefused) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  ASSERT_TRUE(parse_checkpoint("o\n0\n" + root));
  for (const auto& bad : std::vector<std::string>{
           "", "o\n", "o\n1\n", "\n1\n" + root, "o\n01\n" + root, "o\n-1\n" + root, "o\n+1\n" + root, "o\n1 \n" + root,
           "o\n9223372036854775808\n" + root, "o\n1\nAAAA\n", "o\n1\n" + root + "\n", "o\n1\n" + root + "a\n\nb\n",
           "o\n1\n" + root + "cut", "o\r\n1\n" + root})
    EXPECT_EQ(parse_checkpoint(bad).error().code, "HF-CHECKPOINT-0002") << bad;
}

TEST(Checkpoint, OneThatWouldNotReadBackIsNotWritten) {
  for (const auto& bad : {Checkpoint{"", 1, {}}, Checkpoint{"a\nb", 1, {}}, Checkpoint{"a", kTreeSizeMax + 1, {}},
                          Checkpoint{"a", 1, {}, {""}}, Checkpoint{"a", 1, {}, {"b\n"}}})
    EXPECT_EQ(format_checkpoint(bad).error().code, "HF-CHECKPOINT-0001");
}

TEST(Checkpoint, OnlyTheLogsOwnKeySpeaksForIt) {
  test::MemoryKeyStore store;
  const Checkpoint checkpoint{kOrigin, 5, tree_root({})};
  const auto log = *VerifierKey::of(kOrigin, *store.public_key("log"));
  const auto other = *VerifierKey::of("other.example", *store.public_key("other"));
  const VerifierKey both[] = {log, other};

  const auto note = sign_checkpoint(checkpoint, store, "log");
  ASSERT_TRUE(note);
  EXPECT_EQ(*open_checkpoint(*note, both), checkpoint);

  const auto foreign = sign_note(*format_checkpoint(checkpoint), "other.example", store, "other");
  EXPECT_EQ(open_checkpoint(*foreign, both).error().code, "HF-CHECKPOINT-0003");
}

class TlogProofs : public testing::Test {
 protected:
  TlogProofs() {
    std::vector<Hash> leaves;
    for (int i = 0; i < 11; ++i) leaves.push_back(leaf_hash(bytes_of(std::to_string(i))));
    const auto note = sign_checkpoint({kOrigin, leaves.size(), tree_root(leaves)}, store, "log");
    proof = {bytes("extra"), 6, *inclusion_proof(leaves, 6), *note};
    leaf = leaves[6];
  }
  static Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

  test::MemoryKeyStore store;
  VerifierKey log = *VerifierKey::of(kOrigin, *store.public_key("log"));
  TlogProof proof;
  Hash leaf{};
};

TEST_F(TlogProofs, ReadBackAndVerify) {
  for (const auto& extra : {bytes("extra"), Bytes{}}) {
    proof.extra = extra;
    const auto text = format_tlog_proof(proof);
    ASSERT_TRUE(text);
    const auto read = parse_tlog_proof(*text);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, proof);
    EXPECT_EQ(verify_tlog_proof(*read, leaf, {&log, 1})->size, 11U);
  }
}

TEST_F(TlogProofs, NoFlippedBitVerifies) {
  proof.extra.clear();  // not authenticated, by the specification
  auto text = *format_tlog_proof(proof);
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    text[bit / 8] = char(text[bit / 8] ^ (1 << bit % 8));
    const auto read = parse_tlog_proof(text);
    EXPECT_FALSE(read && verify_tlog_proof(*read, leaf, {&log, 1})) << "bit " << bit;
    text[bit / 8] = char(text[bit / 8] ^ (1 << bit % 8));
  }
}

TEST_F(TlogProofs, MalformedAndOversizedAreRefused) {
  const auto text = *format_tlog_proof(proof);
  for (const auto& bad : std::vector<std::string>{"", text.substr(5), "c2sp.org/tlog-proof@v1\n",
                                                  "c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n" + proof.checkpoint,
                                                  "c2sp.org/tlog-proof@v1\nextra AA\nindex 0\n\n" + proof.checkpoint,
                                                  "c2sp.org/tlog-proof@v1\nindex 00\n\n" + proof.checkpoint,
                                                  "c2sp.org/tlog-proof@v1\nindex 0\n" + proof.checkpoint,
                                                  "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n" + proof.checkpoint})
    EXPECT_EQ(parse_tlog_proof(bad).error().code, "HF-PROOF-0002") << bad;
  EXPECT_EQ(parse_tlog_proof("c2sp.org/tlog-proof@v1\nindex 0\n\n").error().code, "HF-NOTE-0003");
  EXPECT_EQ(parse_tlog_proof(text, {.extra_max = 4}).error().code, "HF-PROOF-0003");
  EXPECT_EQ(parse_tlog_proof(text, {.note = {.bytes_max = 40}}).error().code, "HF-PROOF-0003");
  std::string deep = "c2sp.org/tlog-proof@v1\nindex 0\n";
  for (int i = 0; i < 64; ++i) deep += to_base64(leaf) + "\n";
  EXPECT_EQ(parse_tlog_proof(deep).error().code, "HF-PROOF-0003");
  proof.hashes.resize(64);
  EXPECT_EQ(format_tlog_proof(proof).error().code, "HF-PROOF-0001");
}

}  // namespace
}  // namespace hf::ledger
