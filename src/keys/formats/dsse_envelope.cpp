#include "keys/formats/dsse_envelope.h"

#include <array>

#include "keys/formats/support.h"

namespace hf::keys {
namespace {

using crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::ecdsa_p256_sha256, SignatureScheme::ecdsa_p384_sha384,
                              SignatureScheme::ed25519, SignatureScheme::rsa_pss_sha256};

std::optional<Bytes> strict_base64(const Json* json) {
  const auto* const text = json ? json->if_string() : nullptr;
  auto bytes = text ? from_base64(*text) : std::nullopt;
  if (bytes && to_base64(*bytes) != std::string_view(*text)) return std::nullopt;
  return bytes;
}

Bytes plain(const crypto::PublicKey& key, const Bytes& signature) {
  constexpr std::size_t kP256 = 64, kP384 = 96;
  if (key.algorithm == crypto::KeyAlgorithm::ecdsa_p256) return crypto::ecdsa_from_der(signature, kP256);
  if (key.algorithm == crypto::KeyAlgorithm::ecdsa_p384) return crypto::ecdsa_from_der(signature, kP384);
  return signature;
}

}  // namespace

std::span<const SignatureScheme> envelope_schemes() { return kSchemes; }

Bytes pre_authentication(std::string_view payload_type, ByteView payload) {
  const auto head = "DSSEv1 " + std::to_string(payload_type.size()) + " " + std::string(payload_type) + " " +
                    std::to_string(payload.size()) + " ";
  Bytes out(head.begin(), head.end());
  put(out, payload);
  return out;
}

std::string envelope_text(std::string_view payload_type, ByteView payload, const crypto::PublicKey& key,
                          SignatureScheme scheme, ByteView signature) {
  const auto value = is_ecdsa(scheme) ? crypto::ecdsa_to_der(signature) : Bytes(signature.begin(), signature.end());
  return to_text(JsonObject{{"payload", to_base64(payload)},
                            {"payloadType", payload_type},
                            {"signatures", JsonArray{JsonObject{{"keyid", to_hex(fingerprint_of(key))},
                                                                {"sig", to_base64(value)}}}}}) +
         "\n";
}

Result<Envelope> read_envelope(ByteView text, std::string_view payload_type) {
  constexpr std::size_t kDepth = 4, kSignaturesMax = 16;
  HF_TRY(const auto json, parse_json(text_of(text), {.bytes_max = kEnvelopeMax, .depth_max = kDepth}));
  const auto* const object = json.if_object();
  auto payload = object ? strict_base64(object->if_contains("payload")) : std::nullopt;
  const auto* const signatures = object ? array_at(*object, "signatures") : nullptr;
  if (!payload || !signatures || object->size() != 3) return malformed("it is not a DSSE envelope");
  if (text_at(*object, "payloadType") != payload_type)
    return malformed("its payload is not of the type " + std::string(payload_type));
  if (signatures->size() > kSignaturesMax) return over_limit("the envelope's signatures");
  Envelope envelope{*std::move(payload), {}, {}};
  for (const auto& entry : *signatures) {
    const auto* const item = entry.if_object();
    auto sig = item ? strict_base64(item->if_contains("sig")) : std::nullopt;
    if (!sig) return malformed("a signature that is not base64");
    if (envelope.signatures.empty()) envelope.hint = text_at(*item, "keyid");
    envelope.signatures.push_back(*std::move(sig));
  }
  return envelope;
}

std::optional<crypto::PublicKey> envelope_signer(const Envelope& envelope, std::string_view payload_type,
                                                 std::span<const crypto::PublicKey> keys) {
  const auto message = pre_authentication(payload_type, envelope.payload);
  // Which key it was is asked of the keys: protocol.md has keyid as a hint that nothing authenticates.
  for (const auto& signature : envelope.signatures)
    for (const auto& key : keys)
      if (verify_any({.keys = {key}, .certificates = {}}, kSchemes, message, plain(key, signature))) return key;
  return std::nullopt;
}

}  // namespace hf::keys
