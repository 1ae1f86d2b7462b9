#include "ledger/note.h"

#include <fmt/format.h>
#include <algorithm>

namespace hf::ledger {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a space
constexpr std::uint8_t kEd25519 = 0x01;
constexpr std::size_t kKeyIdSize = 4;

auto malformed(std::string why) {
  return fail(ErrorKind::invalid, "HF-NOTE-0003", "not a signed note: " + std::move(why));
}

std::uint32_t be32(ByteView bytes) {
  return std::uint32_t(bytes[0]) << 24 | std::uint32_t(bytes[1]) << 16 | std::uint32_t(bytes[2]) << 8 | bytes[3];
}

// Unicode property White_Space, as UTF-8.
constexpr std::string_view kSpaces[] = {
    "\t",           "\n",           "\v",           "\f",           "\r",           " ",
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82",
    "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88",
    "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f",
    "\xe3\x80\x80"};

// "MUST be valid UTF-8 and MUST NOT contain any ASCII control characters (those below U+0020) other than newline."
bool is_note_text(std::string_view text) {
  return is_utf8(text) && std::ranges::none_of(text, [](char c) { return std::uint8_t(c) < 0x20 && c != '\n'; });
}

Result<NoteSignature> parse_line(std::string_view line) {
  if (!line.starts_with(kDash)) return malformed("a signature line does not begin with an em dash and a space");
  line.remove_prefix(kDash.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos || !is_key_name(line.substr(0, space))) return malformed("bad key name");
  const auto bytes = from_base64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kKeyIdSize) return malformed("bad signature encoding");
  return NoteSignature{std::string(line.substr(0, space)), be32(*bytes),
                       Bytes(bytes->begin() + kKeyIdSize, bytes->end())};
}

}  // namespace

bool is_key_name(std::string_view name) {
  return !name.empty() && is_utf8(name) && name.find('+') == std::string_view::npos &&
         std::ranges::none_of(kSpaces, [&](auto space) { return name.find(space) != std::string_view::npos; });
}

Result<VerifierKey> VerifierKey::of(std::string_view name, const crypto::PublicKey& key) {
  if (!is_key_name(name))
    return fail(ErrorKind::invalid, "HF-NOTE-0001", "a key name is not empty and has no white space and no '+'");
  if (key.algorithm != crypto::KeyAlgorithm::ed25519 || key.point.size() != 32)
    return fail(ErrorKind::invalid, "HF-NOTE-0001", "notes are signed with Ed25519 keys");
  const std::uint8_t separator = '\n';
  const auto digest = crypto::sha256({bytes_of(name), {&separator, 1}, {&kEd25519, 1}, key.point});
  return VerifierKey{std::string(name), be32(digest), key};
}

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  const auto refuse = [] {
    return fail(ErrorKind::invalid, "HF-NOTE-0002", "not a verifier key: expected NAME+KEYID+BASE64 of an Ed25519 key");
  };
  // Base64 has '+' as a digit, a name has none: only the first two separate.
  const auto first = text.find('+');
  const auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return refuse();
  const auto bytes = from_base64(text.substr(second + 1));
  if (!bytes || bytes->size() != 33 || bytes->front() != kEd25519) return refuse();
  const auto key = crypto::public_key_of(crypto::KeyAlgorithm::ed25519, ByteView(*bytes).subspan(1));
  if (!key) return refuse();
  auto verifier = of(text.substr(0, first), *key);
  if (!verifier || verifier->to_text() != text) return refuse();  // the key ID must be the one of name and key
  return verifier;
}

std::string VerifierKey::to_text() const {
  Bytes typed{kEd25519};
  typed.insert(typed.end(), key.point.begin(), key.point.end());
  return fmt::format("{}+{:08x}+{}", name, key_id, to_base64(typed));
}

Result<Note> parse_note(std::string_view note, const NoteLimits& limits) {
  if (note.size() > limits.bytes_max) return fail(ErrorKind::limit, "HF-NOTE-0004", "the note is too large");
  if (!is_note_text(note)) return malformed("not UTF-8, or a control character");
  const auto separator = note.rfind("\n\n");  // the last empty line: the text may have others
  if (separator == std::string_view::npos || !note.ends_with('\n')) return malformed("no signatures");
  Note parsed{std::string(note.substr(0, separator + 1)), {}};
  auto lines = note.substr(separator + 2);
  if (lines.empty()) return malformed("no signatures");
  while (!lines.empty()) {
    if (parsed.signatures.size() == limits.signatures_max)
      return fail(ErrorKind::limit, "HF-NOTE-0004", "the note has too many signatures");
    const auto end = lines.find('\n');
    HF_TRY(auto signature, parse_line(lines.substr(0, end)));
    parsed.signatures.push_back(std::move(signature));
    lines.remove_prefix(end + 1);
  }
  return parsed;
}

Result<OpenedNote> open_note(std::string_view note, std::span<const VerifierKey> trusted, const NoteLimits& limits) {
  for (const auto& a : trusted)
    for (const auto& b : trusted)
      if (a.name == b.name && a.key_id == b.key_id && a.key != b.key)
        return fail(ErrorKind::invalid, "HF-NOTE-0006", "two trusted keys share the name " + a.name + " and a key ID");
  HF_TRY(auto parsed, parse_note(note, limits));
  OpenedNote opened{std::move(parsed.text), {}, {}};
  for (auto& signature : parsed.signatures) {
    const auto key = std::ranges::find_if(
        trusted, [&](const auto& k) { return k.name == signature.name && k.key_id == signature.key_id; });
    if (key == trusted.end()) {
      opened.unverified.push_back(std::move(signature));
      continue;
    }
    if (!crypto::verify(key->key, bytes_of(opened.text), signature.signature))
      return fail(ErrorKind::invalid, "HF-NOTE-0005", "the signature of " + signature.name + " does not verify");
    if (std::ranges::find(opened.verified, signature) == opened.verified.end())
      opened.verified.push_back(std::move(signature));
  }
  if (opened.verified.empty()) return fail(ErrorKind::invalid, "HF-NOTE-0005", "no trusted key signed this note");
  return opened;
}

Result<std::string> format_note(std::string_view text, std::span<const NoteSignature> signatures) {
  if (!text.ends_with('\n') || !is_note_text(text)) return malformed("the text must be UTF-8 lines");
  if (signatures.empty()) return malformed("no signatures");
  auto note = std::string(text) + "\n";
  for (const auto& signature : signatures) {
    if (!is_key_name(signature.name) || signature.signature.empty()) return malformed("bad signature");
    const auto id = signature.key_id;
    Bytes bytes{std::uint8_t(id >> 24), std::uint8_t(id >> 16), std::uint8_t(id >> 8), std::uint8_t(id)};
    bytes.insert(bytes.end(), signature.signature.begin(), signature.signature.end());
    note += fmt::format("{}{} {}\n", kDash, signature.name, to_base64(bytes));
  }
  return note;
}

Result<std::string> sign_note(std::string_view text, std::string_view name, crypto::KeyStore& store,
                              std::string_view label) {
  if (!text.ends_with('\n') || !is_note_text(text)) return malformed("the text must be UTF-8 lines");
  HF_TRY(const auto key, store.public_key(label));
  HF_TRY(const auto verifier, VerifierKey::of(name, key));
  HF_TRY(auto bytes, store.sign(label, bytes_of(text)));
  const NoteSignature signature{verifier.name, verifier.key_id, std::move(bytes)};
  return format_note(text, {&signature, 1});
}

}  // namespace hf::ledger
