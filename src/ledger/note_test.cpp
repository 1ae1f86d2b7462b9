#include "ledger/note.h"

#include <gtest/gtest.h>

#include "support/memory_key_store.h"

namespace hf::ledger {
namespace {

constexpr std::string_view kName = "example.com/log";

VerifierKey verifier(test::MemoryKeyStore& store, std::string_view label, std::string_view name = kName) {
  return *VerifierKey::of(name, *store.public_key(label));
}

TEST(Note, ASignedNoteOpensWithItsKeyAndOnlyWithIt) {
  test::MemoryKeyStore store;
  const auto note = sign_note("one\n\nthree\n", kName, store, "a");
  ASSERT_TRUE(note);
  const VerifierKey keys[] = {verifier(store, "b"), verifier(store, "a")};
  const auto opened = open_note(*note, keys);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->text, "one\n\nthree\n");
  EXPECT_EQ(opened->verified.size(), 1U);
  EXPECT_EQ(open_note(*note, std::span(keys).first(1)).error().code, "HF-NOTE-0005");
  EXPECT_EQ(open_note(*note, {}).error().code, "HF-NOTE-0005");
}

TEST(Note, NoFlippedBitIsAccepted) {
  test::MemoryKeyStore store;
  const auto key = verifier(store, "a");
  auto note = *sign_note("example.com/log\n5\n", kName, store, "a");
  for (std::size_t bit = 0; bit < 8 * note.size(); ++bit) {
    note[bit / 8] = char(note[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(open_note(note, {&key, 1})) << "bit " << bit;
    note[bit / 8] = char(note[bit / 8] ^ (1 << bit % 8));
  }
}

TEST(Note, UnknownSignaturesAreIgnoredAndABadOneOfATrustedKeyRefusesTheNote) {
  test::MemoryKeyStore store;
  const auto log = verifier(store, "a"), witness = verifier(store, "w", "witness.example");
  const std::string text = "text\n";
  auto parsed = *parse_note(*sign_note(text, kName, store, "a"));
  parsed.signatures.push_back({"witness.example", witness.key_id, Bytes(64, 1)});
  const auto note = *format_note(parsed.text, parsed.signatures);

  const auto opened = open_note(note, {&log, 1});
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->unverified.size(), 1U);
  const VerifierKey both[] = {log, witness};
  EXPECT_EQ(open_note(note, both).error().code, "HF-NOTE-0005");
}

TEST(Note, TwoTrustedKeysOfOneNameAndKeyIdAreRefused) {
  test::MemoryKeyStore store;
  auto a = verifier(store, "a"), b = verifier(store, "b");
  b.key_id = a.key_id;
  const VerifierKey keys[] = {a, b};
  EXPECT_EQ(open_note(*sign_note("t\n", kName, store, "a"), keys).error().code, "HF-NOTE-0006");
}

TEST(Note, MalformedNotesAreRefused) {
  const std::string good = "\xe2\x80\x94 n AAAAAAA=\n";
  ASSERT_TRUE(parse_note("t\n\n" + good));
  ASSERT_TRUE(parse_note("t\n\n\n" + good));
  for (const auto& bad :
       std::vector<std::string>{"", "t\n", "t\n\n", "t\n" + good, "t\n\n" + good.substr(0, good.size() - 1),
                                "t\n\n- n AAAAAAA=\n", "t\n\n\xe2\x80\x94 n\n", "t\n\n\xe2\x80\x94 n+m AAAAAAA=\n",
                                "t\n\n\xe2\x80\x94  AAAAAAA=\n", "t\n\n\xe2\x80\x94 n\xc2\xa0m AAAAAAA=\n",
                                "t\n\n\xe2\x80\x94 n AAAAAA==\n", "t\n\n\xe2\x80\x94 n AAAAAAB=\n", "t\r\n\n" + good,
                                "t\t\n\n" + good, "t\xff\n\n" + good, "t\n\n" + good + "x\n"})
    EXPECT_EQ(parse_note(bad).error().code, "HF-NOTE-0003") << bad;
}

TEST(Note, LimitsAreOnBytesAndSignatures) {
  std::string note = "t\n\n";
  for (int i = 0; i < 16; ++i) note += "\xe2\x80\x94 n AAAAAAA=\n";
  EXPECT_TRUE(parse_note(note));
  EXPECT_EQ(parse_note(note, {.signatures_max = 15}).error().code, "HF-NOTE-0004");
  EXPECT_EQ(parse_note(note, {.bytes_max = 10}).error().code, "HF-NOTE-0004");
}

TEST(Note, TextThatWouldNotReadBackIsNotSigned) {
  test::MemoryKeyStore store;
  for (const auto* bad : {"", "no newline", "a\tb\n", "\xff\n"})
    EXPECT_EQ(sign_note(bad, kName, store, "a").error().code, "HF-NOTE-0003") << bad;
  for (const auto* bad : {"", "a b", "a+b", "a\xe3\x80\x80"})
    EXPECT_EQ(sign_note("t\n", bad, store, "a").error().code, "HF-NOTE-0001") << bad;
}

TEST(VerifierKey, TextReadsBackAndNoChangedCharacterIsTaken) {
  test::MemoryKeyStore store;
  const auto key = verifier(store, "a");
  auto text = key.to_text();
  const auto read = VerifierKey::parse(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key, key.key);
  for (auto& c : text) {
    const auto kept = std::exchange(c, c == 'x' ? 'y' : 'x');
    EXPECT_EQ(VerifierKey::parse(text).error().code, "HF-NOTE-0002") << text;
    c = kept;
  }
  for (const auto* bad : {"", "a", "a+b", "a+00000000+", "+c74f20a3+AQ=="})
    EXPECT_EQ(VerifierKey::parse(bad).error().code, "HF-NOTE-0002") << bad;
}

}  // namespace
}  // namespace hf::ledger
