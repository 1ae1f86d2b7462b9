// A private key in memory, for the people of tests: approvers with a key, and authenticators of WebAuthn. The product
// makes private keys on tokens only.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/json.h"
#include "crypto/openssl_ptr.h"
#include "crypto/public_key.h"

namespace hf::test {

class SoftwareKey {
 public:
  explicit SoftwareKey(crypto::KeyAlgorithm algorithm = crypto::KeyAlgorithm::ecdsa_p256) : algorithm_(algorithm) {
    using enum crypto::KeyAlgorithm;
    const char* const group = algorithm == ecdsa_p384 ? "P-384" : "P-256";
    const std::size_t bits = algorithm == rsa_2048 ? 2048 : algorithm == rsa_3072 ? 3072 : 4096;
    pkey_.reset(algorithm == ed25519                                 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                : algorithm == ecdsa_p256 || algorithm == ecdsa_p384 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", group)
                                                                     : EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits),
                &EVP_PKEY_free);
  }

  [[nodiscard]] crypto::PublicKey public_key() const {
    std::uint8_t* der = nullptr;
    const int size = i2d_PUBKEY(pkey_.get(), &der);
    const Bytes spki(der, der + size);
    OPENSSL_free(der);
    return crypto::public_key_of_spki(spki).value();
  }

  // With the key's default scheme, in our encoding (ECDSA as r || s).
  [[nodiscard]] Bytes sign(ByteView message) const {
    const bool edwards = algorithm_ == crypto::KeyAlgorithm::ed25519;
    const crypto::DigestContextPtr context(EVP_MD_CTX_new());
    const auto* digest = edwards ? nullptr : algorithm_ == crypto::KeyAlgorithm::ecdsa_p384 ? "SHA384" : "SHA256";
    std::size_t size = 1024;
    Bytes signature(size);
    if (EVP_DigestSignInit_ex(context.get(), nullptr, digest, nullptr, nullptr, pkey_.get(), nullptr) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1)
      return {};
    signature.resize(size);
    if (algorithm_ == crypto::KeyAlgorithm::ecdsa_p256) return crypto::ecdsa_from_der(signature, 64);
    if (algorithm_ == crypto::KeyAlgorithm::ecdsa_p384) return crypto::ecdsa_from_der(signature, 96);
    return signature;
  }

 private:
  crypto::KeyAlgorithm algorithm_;
  std::shared_ptr<EVP_PKEY> pkey_;  // shared by copies
};

// What an authenticator and its browser answer to a challenge (WebAuthn Level 2, sections 5.8.1 and 6.1). A test
// changes a member and asks again.
struct Authenticator {
  std::string rp_id = "holdfast.example", origin = "https://holdfast.example", type = "webauthn.get";
  std::uint8_t flags = 0x05;  // user present, user verified
  std::uint32_t counter = 1;
  SoftwareKey key{};

  struct Answer {
    Bytes authenticator_data, client_data, signature;
  };
  [[nodiscard]] Answer answer(ByteView challenge) const {
    auto text = to_base64(challenge);
    while (text.ends_with('=')) text.pop_back();
    for (auto& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    const auto client =
        to_text(JsonObject{{"type", type}, {"challenge", text}, {"origin", origin}, {"crossOrigin", false}});
    Answer answer{{}, Bytes(client.begin(), client.end()), {}};
    const auto hash = crypto::sha256({bytes_of(rp_id)});
    answer.authenticator_data.assign(hash.begin(), hash.end());
    answer.authenticator_data.push_back(flags);
    for (int shift = 24; shift >= 0; shift -= 8) answer.authenticator_data.push_back(std::uint8_t(counter >> shift));
    const auto client_hash = crypto::sha256({answer.client_data});
    Bytes message = answer.authenticator_data;
    message.insert(message.end(), client_hash.begin(), client_hash.end());
    answer.signature = crypto::ecdsa_to_der(key.sign(message));
    return answer;
  }
};

}  // namespace hf::test
