// The machine on which ceremonies run: a directory, a token and no network.
//
//   <directory>/machine.json           whose approved scripts it takes, which token it has; written once
//   <directory>/token/                 the soft token, unless another PKCS #11 module is named
//   <directory>/certificates/          roots that were made here, DER, by their SHA-256
//   <directory>/ceremonies/<digest>/   of each script (the first 16 digits): transcript, and the files that came of it
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "crypto/token.h"

namespace hf::ceremony {

struct MachineConfig {
  std::vector<crypto::PublicKey> manufacturer{};    // whose scripts it takes
  std::string module{}, token_label{}, pin_file{};  // of another token; all empty: the soft token
};

class Machine {
 public:
  // HF-CEREMONY-0003 there is one, or it cannot be made; HF-TOKEN-*, HF-P11-*.
  static Result<Machine> init(const std::filesystem::path& directory, const MachineConfig& config);
  static Result<Machine> open(const std::filesystem::path& directory);  // HF-CEREMONY-0004

  [[nodiscard]] const MachineConfig& config() const { return config_; }
  [[nodiscard]] Result<std::unique_ptr<crypto::Token>> token() const;
  // Made where it is not there. HF-CEREMONY-0004.
  [[nodiscard]] Result<std::filesystem::path> folder_of(std::string_view script_sha256) const;
  // A CA's certificate, DER, that was made here. None: it was not.
  [[nodiscard]] std::optional<Bytes> certificate(std::string_view sha256) const;
  Result<void> keep_certificate(ByteView der) const;

 private:
  Machine(std::filesystem::path directory, MachineConfig config)
      : directory_(std::move(directory)), config_(std::move(config)) {}

  std::filesystem::path directory_;
  MachineConfig config_;
};

}  // namespace hf::ceremony
