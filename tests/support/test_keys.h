// Software keys and certificates for tests. Product code makes no private key outside a token.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/public_key.h"

namespace hf::test {

using crypto::KeyAlgorithm, crypto::PublicKey, crypto::SignatureScheme;

class TestKey {
 public:
  explicit TestKey(KeyAlgorithm algorithm);

  [[nodiscard]] const PublicKey& key() const;
  [[nodiscard]] Bytes sign(SignatureScheme scheme, ByteView message) const;
  // Of a digest of input_size_of(scheme) bytes; of the message for Ed25519.
  [[nodiscard]] Bytes sign_input(SignatureScheme scheme, ByteView input) const;
  [[nodiscard]] std::string private_pem() const;  // PKCS #8
  [[nodiscard]] std::string sec1_pem() const;     // "EC PRIVATE KEY", which some tools want

  struct CertificateSpec {
    std::string name = "Test Signer";
    bool ca = false;
    std::vector<std::string> eku{};  // OpenSSL's names: "emailProtection", "codeSigning"
    const TestKey* issuer = nullptr;
    std::string issuer_name{};
    Time not_before{}, not_after{};  // absent: 2026 to 2046
  };
  [[nodiscard]] Bytes certificate(const CertificateSpec& spec) const;  // DER; self-signed without issuer

 private:
  struct State;
  std::shared_ptr<State> state_;  // copies are the same key
};

[[nodiscard]] std::string certificate_pem(ByteView der);

}  // namespace hf::test
