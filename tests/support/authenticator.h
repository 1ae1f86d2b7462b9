// An authenticator of WebAuthn and its browser, for tests.
#pragma once

#include "base/json.h"
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
    answer.signature = crypto::ecdsa_to_der(key.sign(SignatureScheme::ecdsa_p256_sha256, message));
    return answer;
  }
};

}  // namespace hf::test
