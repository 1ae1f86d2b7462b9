// Signed notes (C2SP signed-note v1.0.0), Ed25519 signatures only (type 0x01).
//
//   text, ending in a newline
//   <empty line>
//   — <key name> base64(4-byte key ID || signature)      one or more lines
//
// Text is not to be believed before open_note() accepted it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "crypto/key_store.h"

namespace hf::ledger {

struct NoteLimits {
  std::size_t bytes_max = 1U << 20;
  std::size_t signatures_max = 100;  // the specification wants at least 16
};

struct NoteSignature {
  std::string name;
  std::uint32_t key_id{};
  Bytes signature;  // without the key ID

  bool operator==(const NoteSignature&) const = default;
};

struct Note {
  std::string text;
  std::vector<NoteSignature> signatures;
};

// Non-empty UTF-8 without Unicode white space and '+'.
[[nodiscard]] bool is_key_name(std::string_view name);

// A name with the public key that it stands for: "<name>+<key ID, 8 hex digits>+base64(0x01 || public key)".
struct VerifierKey {
  std::string name;
  std::uint32_t key_id{};
  crypto::PublicKey key;

  // HF-NOTE-0001 for a bad name or a key that is not Ed25519.
  static Result<VerifierKey> of(std::string_view name, const crypto::PublicKey& key);
  // HF-NOTE-0002 for any text that to_text() does not write.
  static Result<VerifierKey> parse(std::string_view text);
  [[nodiscard]] std::string to_text() const;
};

// The parts of a note, nothing verified. HF-NOTE-0003 malformed, HF-NOTE-0004 over a limit.
[[nodiscard]] Result<Note> parse_note(std::string_view note, const NoteLimits& limits = {});

struct OpenedNote {
  std::string text;                       // signed by each of `verified`
  std::vector<NoteSignature> verified;    // in the order of the note; never empty
  std::vector<NoteSignature> unverified;  // of unknown keys: says nothing
};

// As parse_note(), or HF-NOTE-0005: a signature of a trusted key does not verify, or none is of a trusted key.
// HF-NOTE-0006: two different trusted keys share name and key ID.
[[nodiscard]] Result<OpenedNote> open_note(std::string_view note, std::span<const VerifierKey> trusted,
                                           const NoteLimits& limits = {});

// The note with these signatures, in order. HF-NOTE-0003 if it would not read back as given.
[[nodiscard]] Result<std::string> format_note(std::string_view text, std::span<const NoteSignature> signatures);
// `text` signed by the store's key `label` under the key name `name`. HF-NOTE-0001, HF-NOTE-0003, or the store's error.
[[nodiscard]] Result<std::string> sign_note(std::string_view text, std::string_view name, crypto::KeyStore& store,
                                            std::string_view label);

}  // namespace hf::ledger
