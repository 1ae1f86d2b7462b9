// Dead Simple Signing Envelope (secure-systems-lab/dsse, protocol.md and envelope.md): a payload of a type, and
// signatures over both.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keys/formats/format.h"

namespace hf::keys {

// Schemes that an envelope's signatures are taken in.
[[nodiscard]] std::span<const crypto::SignatureScheme> envelope_schemes();

// protocol.md, "Signature definition": PAE(type, body), which is what is signed.
[[nodiscard]] Bytes pre_authentication(std::string_view payload_type, ByteView payload);

// With one signature, as the scheme has it (ECDSA: r || s); ended by a line end.
[[nodiscard]] std::string envelope_text(std::string_view payload_type, ByteView payload, const crypto::PublicKey& key,
                                        crypto::SignatureScheme scheme, ByteView signature);

struct Envelope {
  Bytes payload;
  std::vector<Bytes> signatures;  // ECDSA in DER
  std::string hint;               // keyid of the first: a hint that nothing authenticates
};
inline constexpr std::size_t kEnvelopeMax = 1U << 20;
// HF-FORMAT-0004 unless it is an envelope of this type, each part in its one encoding; HF-FORMAT-0005, HF-JSON-*.
[[nodiscard]] Result<Envelope> read_envelope(ByteView text, std::string_view payload_type);
// The first of the keys by which a signature of the envelope holds. None: it is signed by none of them.
[[nodiscard]] std::optional<crypto::PublicKey> envelope_signer(const Envelope& envelope, std::string_view payload_type,
                                                               std::span<const crypto::PublicKey> keys);

}  // namespace hf::keys
