// Where signatures are asked for and made: the installation on this machine, or a server that signs. The port that
// commands and the agent work on; cli_desk.h has both of its kinds.
#pragma once

#include "keys/service.h"

namespace hf::keys {

// An artifact's request as whoever signs needs it; the whole of it is in `shown`.
struct Asked {
  std::string digest;
  SigningRequest request;
  std::vector<Lack> lacks;
  JsonObject shown;  // SigningRequest of REST
};

class Desk {
 public:
  virtual ~Desk() = default;

  // The version that signs. HF-KEYS-0011 no such key, 0014 no version is active.
  [[nodiscard]] virtual Result<crypto::PublicKey> key(std::string_view name) = 0;
  [[nodiscard]] virtual Result<Asked> request(std::string_view digest) = 0;
  // Digests of those of a key that wait or are approved and are for the artifact of that SHA-256; first to expire
  // first.
  [[nodiscard]] virtual Result<std::vector<std::string>> open_for(std::string_view key, std::string_view artifact) = 0;

  // The requester is whoever works at this desk: the account of this machine, or the token shown to the server.
  virtual Result<std::string> ask(NewRequest wanted) = 0;  // the request's digest
  virtual Result<std::string> ask(NewGrant wanted) = 0;
  virtual Result<Signed> sign(std::string_view digest) = 0;
  virtual Result<Signed> sign_under(std::string_view grant, NewRequest use) = 0;
  virtual Result<std::string> put_in_force(std::string_view digest) = 0;  // a sentence of what is now in force
  virtual Result<void> record_file(std::int64_t signature, std::string_view sha256) = 0;
};

}  // namespace hf::keys
