// An authenticator of WebAuthn and its browser, for tests.
#pragma once

#include "base/json.h"
#include "crypto/base64url.h"
#include "crypto/cbor.h"
#include "support/test_keys.h"

namespace hf::test {

// What an authenticator and its browser answer to a challenge (WebAuthn Level 2, sections 5.8.1 and 6.1). A test
// changes a member and asks again.
struct Authenticator {
  std::string rp_id = "holdfast.example", origin = "https://holdfast.example", type = "webauthn.get";
  std::uint8_t flags = 0x05;  // user present, user verified
  std::uint32_t counter = 1;
  TestKey key{KeyAlgorithm::ecdsa_p256};

  struct Answer {
    Bytes authenticator_data, client_data, signature;
  };
  [[nodiscard]] Answer answer(ByteView challenge) const {
    Answer answer{head(flags), client_data(type, challenge), {}};
    const auto client_hash = crypto::sha256({answer.client_data});
    Bytes message = answer.authenticator_data;
    message.insert(message.end(), client_hash.begin(), client_hash.end());
    answer.signature = crypto::ecdsa_to_der(key.sign(SignatureScheme::ecdsa_p256_sha256, message));
    return answer;
  }

  // What it answers when it makes its credential (section 6.5): by default with attestation "none".
  struct Made {
    Bytes client_data, attestation_object;
  };
  Bytes id{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  std::string create_type = "webauthn.create", format = "none";
  bool with_statement = false;  // of self attestation
  Bytes extensions{};           // CBOR
  Bytes cose_key{};             // else of `key`
  [[nodiscard]] Made create(ByteView challenge) const {
    auto data = head(std::uint8_t(flags | 0x40 | (extensions.empty() ? 0 : 0x80)));
    data.insert(data.end(), 16, 0);  // aaguid
    data.push_back(std::uint8_t(id.size() >> 8));
    data.push_back(std::uint8_t(id.size()));
    append(data, id);
    append(data, cose_key.empty() ? cose_of(key.key()) : cose_key);
    append(data, extensions);
    Made made{client_data(create_type, challenge), {}};
    namespace cbor = crypto::cbor;
    append(made.attestation_object, cbor::head(crypto::Cbor::Kind::map, 3));
    append(made.attestation_object, cbor::text("fmt"));
    append(made.attestation_object, cbor::text(format));
    append(made.attestation_object, cbor::text("attStmt"));
    if (with_statement) {
      auto message = data;
      append(message, crypto::sha256({made.client_data}));
      append(made.attestation_object, cbor::head(crypto::Cbor::Kind::map, 2));
      append(made.attestation_object, cbor::text("alg"));
      append(made.attestation_object, cbor::integer(-7));
      append(made.attestation_object, cbor::text("sig"));
      append(made.attestation_object,
             cbor::bytes(crypto::ecdsa_to_der(key.sign(SignatureScheme::ecdsa_p256_sha256, message))));
    } else {
      append(made.attestation_object, cbor::head(crypto::Cbor::Kind::map, 0));
    }
    append(made.attestation_object, cbor::text("authData"));
    append(made.attestation_object, cbor::bytes(data));
    return made;
  }

  // COSE_Key of a P-256 key (RFC 9053 7.1.1).
  static Bytes cose_of(const crypto::PublicKey& key) {
    namespace cbor = crypto::cbor;
    Bytes out = cbor::head(crypto::Cbor::Kind::map, 5);
    for (const auto& [label, value] : {std::pair(1, 2), std::pair(3, -7), std::pair(-1, 1)}) {
      append(out, cbor::integer(label));
      append(out, cbor::integer(value));
    }
    for (const auto& [label, from] : {std::pair(-2, 1), std::pair(-3, 33)}) {
      append(out, cbor::integer(label));
      append(out, cbor::bytes(ByteView(key.point).subspan(std::size_t(from), 32)));
    }
    return out;
  }
  static void append(Bytes& to, ByteView more) { to.insert(to.end(), more.begin(), more.end()); }

 private:
  [[nodiscard]] Bytes client_data(const std::string& of_type, ByteView challenge) const {
    const auto text = to_text(JsonObject{
        {"type", of_type}, {"challenge", crypto::to_base64url(challenge)}, {"origin", origin}, {"crossOrigin", false}});
    return {text.begin(), text.end()};
  }
  [[nodiscard]] Bytes head(std::uint8_t with_flags) const {
    Bytes data;
    append(data, crypto::sha256({bytes_of(rp_id)}));
    data.push_back(with_flags);
    for (int shift = 24; shift >= 0; shift -= 8) data.push_back(std::uint8_t(counter >> shift));
    return data;
  }
};

}  // namespace hf::test
